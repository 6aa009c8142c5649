import { createGitHubLists } from '../../src/adapters/github/forge-lists.ts';
import { createGitLabLists } from '../../src/adapters/gitlab/forge-lists.ts';
import { createAskPlugin } from '../../src/adapters/plugin/ask-plugin.ts';
import type { AskProviderDeps } from '../../src/app/generators/ask-provider.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import { forgeCredentials } from '../../src/domain/fleet/forge-credentials.ts';
import type { ForgeLists } from '../../src/ports/forge-lists.ts';
import type { Runtime } from './runtime.ts';

/** Whom generators ask beside Git: forges by their APIs, opened once for each registration, and plugins. */
export const generatorProviders = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>): AskProviderDeps => {
  const opened = new Map<string, ForgeLists>();
  const open = (repository: RepositoryConfig): ForgeLists => {
    const { credentials } = repository;
    const credential =
      credentials === undefined ? undefined : async () => forgeCredentials(await secrets.read(credentials));
    const options = { repository, credential, clock };
    return repository.forge === 'gitlab' ? createGitLabLists(options) : createGitHubLists(options);
  };
  return {
    openForgeLists: (forge) => {
      const key = JSON.stringify(forge);
      const lists = opened.get(key) ?? open(forge);
      opened.set(key, lists);
      return lists;
    },
    askPlugin: createAskPlugin({ secrets }),
  };
};

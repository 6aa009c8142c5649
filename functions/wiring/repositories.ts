import { createGitHubRepository } from '../../src/adapters/github/repository.ts';
import { createGitLabRepository } from '../../src/adapters/gitlab/repository.ts';
import { permanent } from '../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import { forgeCredentials } from '../../src/domain/fleet/forge-credentials.ts';
import type { OpenRepository, Repository } from '../../src/ports/repository.ts';
import type { Runtime } from './runtime.ts';

/** Repositories on GitHub and GitLab, by their APIs; opened once for each registration. */
export const forgeRepositories = ({
  secrets,
  log,
  clock,
}: Pick<Runtime, 'secrets' | 'log' | 'clock'>): OpenRepository => {
  const opened = new Map<string, Repository>();
  return (config) => {
    const key = JSON.stringify(config);
    const repository = opened.get(key) ?? open(config);
    opened.set(key, repository);
    return repository;
  };
  function open(config: RepositoryConfig): Repository {
    const { credentials, url } = config;
    const credential =
      credentials === undefined ? undefined : async () => forgeCredentials(await secrets.read(credentials));
    const options = { repository: config, ...(credential ? { credential } : {}), log, clock };
    if (config.forge === 'github') return createGitHubRepository(options);
    if (config.forge === 'gitlab') return createGitLabRepository(options);
    throw permanent('forge-unsupported', `repository ${url}: a deployed stack reads GitHub and GitLab only`);
  }
};

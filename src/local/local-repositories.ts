import { randomUUID } from 'node:crypto';
import { createGitRepository } from '../adapters/git/repository.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { forgeCredentials } from '../domain/fleet/forge-credentials.ts';
import type { Log } from '../ports/log.ts';
import type { OpenRepository, Repository } from '../ports/repository.ts';
import type { Secrets } from '../ports/secrets.ts';

interface LocalRepositories {
  secrets: Secrets;
  log: Log;
  cacheDir: string;
  /** `PATH` to look for git in. */
  searchPath: string | undefined;
  /** Opens what is on GitHub and GitLab, by their APIs. */
  forges: OpenRepository;
}

/** Repositories as the local stack opens them: forges by their API, every other Git host by the git adapter. */
export const localRepositories = ({ secrets, log, cacheDir, searchPath, forges }: LocalRepositories) => {
  const opened = new Map<string, Repository & { close(): void }>();
  const openGit = (config: RepositoryConfig): Repository => {
    const known = opened.get(config.url);
    if (known) return known;
    const { credentials } = config;
    const repository = createGitRepository({
      url: config.url,
      ...(credentials ? { credential: async () => forgeCredentials(await secrets.read(credentials)) } : {}),
      cacheDir,
      log,
      allowInsecure: true,
      searchPath,
      newId: randomUUID,
    });
    opened.set(config.url, repository);
    return repository;
  };
  return {
    open: (config: RepositoryConfig): Repository => (config.forge === 'git' ? openGit(config) : forges(config)),
    close: (): Promise<void> => {
      for (const repository of opened.values()) repository.close();
      return Promise.resolve();
    },
  };
};

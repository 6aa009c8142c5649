import type { Forge, RepositoryConfig } from '../fleet/fleet-file.ts';
import { normalizeRepositoryURL, sameRepository } from '../repository-url.ts';
import type { RepositoryIdentity } from './event.ts';

/** Whose hooks may speak for a repository: a host that is neither forge takes GitHub's format. */
const SPEAKERS: Record<'github' | 'gitlab', readonly Forge[]> = { github: ['github', 'git'], gitlab: ['gitlab'] };

/** The registered repositories whose webhooks come in a forge's format and have a secret; others cannot be heard. */
export const hookedRepositories = (
  repositories: readonly RepositoryConfig[],
  forge: 'github' | 'gitlab',
): RepositoryConfig[] =>
  repositories.filter(({ forge: kind, webhookSecret }) => webhookSecret && SPEAKERS[forge].includes(kind));

/**
 * The registered repositories that a payload's URLs name (Argo CD's rules, see repository-url.ts). Those registered
 * under one of the payload's very URLs come first.
 */
export const repositoriesNamed = (
  repositories: readonly RepositoryConfig[],
  identity: RepositoryIdentity,
): RepositoryConfig[] => {
  const names = new Set(identity.urls.map(normalizeRepositoryURL));
  const named = repositories.filter(({ url }) => {
    const name = normalizeRepositoryURL(url);
    return name !== undefined && names.has(name) && identity.urls.some((candidate) => sameRepository(url, candidate));
  });
  return named.toSorted((a, b) => Number(identity.urls.includes(b.url)) - Number(identity.urls.includes(a.url)));
};

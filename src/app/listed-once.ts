import type { OpenRepository, Repository } from '../ports/repository.ts';

type Listing = Pick<Repository, 'defaultBranch' | 'listRefs'>;

/** Repositories whose refs are listed once, for all that one poll looks at. */
export interface ListedOnce {
  openRepository: OpenRepository;
  /** What comes next is another poll. */
  forget(): void;
}

/**
 * Opens repositories that remember their listing, or why there is none, until they are to forget it: several parts of a poll
 * ask the same of each. Errors: those of the repositories.
 */
export const listedOnce = (open: OpenRepository): ListedOnce => {
  const known = new Map<string, Listing>();
  return {
    openRepository: (config) => {
      const repository = open(config);
      const listing = known.get(config.url) ?? rememberListing(repository);
      known.set(config.url, listing);
      return { ...repository, ...listing };
    },
    forget: () => known.clear(),
  };
};

const rememberListing = (repository: Listing): Listing => {
  let branch: ReturnType<Listing['defaultBranch']> | undefined;
  let refs: ReturnType<Listing['listRefs']> | undefined;
  return {
    defaultBranch: () => {
      branch ??= repository.defaultBranch();
      return branch;
    },
    listRefs: () => {
      refs ??= repository.listRefs();
      return refs;
    },
  };
};

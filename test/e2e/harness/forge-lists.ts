/** What a forge has to list: set by a test, read at every request. */
export interface ForgeListing {
  /** Open pull or merge requests of the world's repository. */
  pulls: ListedPull[];
  /** Other repositories of the organization `acme`. */
  repositories: { name: string; topics: string[]; paths: string[] }[];
}

export interface ListedPull {
  number: number;
  branch: string;
  sha: string;
  labels: string[];
}

/** The JSON that GitHub answers a GET to, null for 404; undefined for what is no list of generators'. */
export const gitHubLists = ({ pulls, repositories }: ForgeListing, url: URL): unknown => {
  if (url.pathname === '/repos/acme/app/pulls') return pulls.map(gitHubPull);
  if (url.pathname === '/orgs/acme/repos') return repositories.map(gitHubRepository);
  const [, name, rest] = /^\/repos\/acme\/(?!app\/)([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
  const found = repositories.find((one) => one.name === name);
  if (rest === undefined) return undefined;
  if (rest === 'branches/main') return found ? { name: 'main', commit: { sha: 'a'.repeat(40) } } : null;
  return found?.paths.includes(rest.replace('contents/', '')) ? {} : null;
};

/** GitLab's, which looks at labels itself. */
export const gitLabLists = ({ pulls }: ForgeListing, url: URL): unknown => {
  if (!url.pathname.endsWith('/projects/acme%2Fteam%2Fapp/merge_requests')) return undefined;
  const wanted = (url.searchParams.get('labels') ?? '').split(',').filter(Boolean);
  return pulls.filter(({ labels }) => wanted.every((one) => labels.includes(one))).map(gitLabRequest);
};

const gitHubPull = ({ number, branch, sha, labels }: ListedPull): unknown => ({
  number,
  title: `change ${number}`,
  head: { ref: branch, sha },
  base: { ref: 'main' },
  user: { login: 'ada' },
  labels: labels.map((name) => ({ name })),
});

const gitLabRequest = ({ number, branch, sha, labels }: ListedPull): unknown => ({
  iid: number,
  title: `change ${number}`,
  source_branch: branch,
  target_branch: 'main',
  sha,
  author: { username: 'ada' },
  labels,
});

const gitHubRepository = ({ name, topics }: ForgeListing['repositories'][number], index: number): unknown => ({
  id: 100 + index,
  name,
  owner: { login: 'acme' },
  ssh_url: `git@github.test:acme/${name}.git`,
  clone_url: `https://github.test/acme/${name}.git`,
  default_branch: 'main',
  topics,
});

import { AppError } from '../../domain/errors.ts';
import type { CommitStatus, CommitStatuses, StatusAnnotation, StatusState } from '../../ports/commit-statuses.ts';
import { createGitHubStatuses } from './commit-statuses.ts';
import { parseGitHubCredentials } from './github-token.ts';
import { createGitHubWriter, type GitHubTarget, type GitHubWriterDeps } from './github-writer.ts';

/** GitHub takes 50 a request and adds those of later ones: https://docs.github.com/rest/checks/runs#update-a-check-run */
const ANNOTATIONS_AT_ONCE = 50;
const MAX_ANNOTATIONS = 250;
const MAX_TITLE = 140;
const MAX_MESSAGE = 4_000;
const KEPT_RUNS = 1_000;
const REFUSED_MS = 60 * 60_000;

type Conclusion = 'success' | 'failure' | 'cancelled';
const STATES: Record<StatusState, { status: 'queued' | 'in_progress' | 'completed'; conclusion?: Conclusion }> = {
  pending: { status: 'queued' },
  running: { status: 'in_progress' },
  success: { status: 'completed', conclusion: 'success' },
  failure: { status: 'completed', conclusion: 'failure' },
  canceled: { status: 'completed', conclusion: 'cancelled' },
};

/**
 * Writes to GitHub what a commit is to show: check runs where the credentials are an App's, which alone may write them, else
 * commit statuses; statuses as well, for an hour, where the App was not given `checks: write`. Errors: as the port says.
 */
export const createGitHubReports = (deps: GitHubWriterDeps): CommitStatuses => {
  const [checks, statuses] = [createGitHubChecks(deps), createGitHubStatuses(deps)];
  const refused = new Map<string, number>();
  const writerOf = async ({ repository }: CommitStatus): Promise<CommitStatuses> => {
    const { type } = parseGitHubCredentials(await deps.credentials(repository));
    return type === 'app' && (refused.get(repository.url) ?? 0) <= deps.clock() ? checks : statuses;
  };
  return {
    post: async (status) => {
      const writer = await writerOf(status);
      try {
        await writer.post(status);
      } catch (error) {
        const isFinal = error instanceof AppError && error.kind === 'permanent';
        if (writer === statuses || !isFinal || error.code === 'forge-credentials-invalid') throw error;
        await statuses.post(status);
        refused.set(status.repository.url, deps.clock() + REFUSED_MS);
      }
    },
    isShown: async (status) => (await writerOf(status)).isShown(status),
  };
};

/**
 * Writes check runs: `pending` begins one, what follows updates the newest of that name. Errors: as the port says. Tokens are
 * made for one repository and `checks: write` alone. Source: https://docs.github.com/rest/checks/runs
 */
export const createGitHubChecks = (deps: GitHubWriterDeps): CommitStatuses => {
  const remedy = 'the App needs the repository permission "Checks: write"';
  const asking = createGitHubWriter(deps, { checks: 'write' }, remedy);
  const runs = new Map<string, number>();
  const remember = (key: string, id: number): void => {
    const oldest = runs.size >= KEPT_RUNS ? runs.keys().next().value : undefined;
    if (oldest !== undefined) runs.delete(oldest);
    runs.set(key, id);
  };
  return {
    post: (status) =>
      asking(status.repository, async (at) => {
        const key = [status.repository.apiURL, status.repository.url, status.commit, status.context].join(' ');
        const known = status.state === 'pending' ? undefined : (runs.get(key) ?? (await newestId(at, status)));
        const [first = [], ...more] = chunksOf(status.annotations ?? []);
        const id = await write(at, known, bodyOf(status, first, deps.clock()));
        remember(key, id);
        for (const annotations of more) await write(at, id, bodyOf(status, annotations, deps.clock()));
      }),
    isShown: (status) =>
      asking(status.repository, async (at) => {
        const shown = await newestOf(at, status);
        const { status: wanted, conclusion = null } = STATES[status.state];
        return (
          shown?.status === wanted &&
          shown.conclusion === conclusion &&
          shown.output.title === titleOf(status) &&
          (shown.details_url ?? undefined) === status.targetURL
        );
      }),
  };
};

/** `filter=latest` is the newest of each name; another App may have one of the same. */
const newestOf = async ({ octokit, target }: GitHubTarget, { commit, context }: CommitStatus) => {
  const path = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs';
  const query = { ref: commit, check_name: context, filter: 'latest' as const, per_page: 100 };
  const { data } = await octokit.request(path, { ...target, ...query });
  return data.check_runs.find(({ external_id: id }) => id === externalId(commit, context));
};

const newestId = async (at: GitHubTarget, status: CommitStatus): Promise<number | undefined> => {
  const found = await newestOf(at, status);
  return found && Number(found.id);
};

/** By which a run is known to be Towline's. */
const externalId = (commit: string, context: string): string => `towline:${context}:${commit}`;

const write = async (
  { octokit, target }: GitHubTarget,
  known: number | undefined,
  { sha, ...body }: ReturnType<typeof bodyOf>,
): Promise<number> => {
  if (known !== undefined) {
    const path = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';
    await octokit.request(path, { ...target, check_run_id: known, ...body });
    return known;
  }
  const { data } = await octokit.request('POST /repos/{owner}/{repo}/check-runs', {
    ...target,
    ...body,
    head_sha: sha,
  });
  return Number(data.id);
};

const titleOf = ({ description }: CommitStatus): string => description.slice(0, MAX_TITLE);

const bodyOf = (status: CommitStatus, annotations: readonly StatusAnnotation[], now: number) => ({
  sha: status.commit,
  name: status.context,
  external_id: externalId(status.commit, status.context),
  ...STATES[status.state],
  ...(STATES[status.state].conclusion ? { completed_at: new Date(now).toISOString() } : {}),
  ...(status.targetURL ? { details_url: status.targetURL } : {}),
  output: {
    title: titleOf(status),
    summary: status.description,
    ...(annotations.length > 0 ? { annotations: annotations.map(toAnnotation) } : {}),
  },
});

const toAnnotation = ({ path, line, message }: StatusAnnotation) => ({
  path,
  start_line: line,
  end_line: line,
  annotation_level: 'failure' as const,
  message: message.slice(0, MAX_MESSAGE),
});

const chunksOf = (annotations: readonly StatusAnnotation[]): StatusAnnotation[][] => {
  const kept = annotations.slice(0, MAX_ANNOTATIONS);
  const count = Math.ceil(kept.length / ANNOTATIONS_AT_ONCE);
  return Array.from({ length: count }, (_, index) =>
    kept.slice(index * ANNOTATIONS_AT_ONCE, (index + 1) * ANNOTATIONS_AT_ONCE),
  );
};

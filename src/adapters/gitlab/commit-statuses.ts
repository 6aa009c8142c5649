import * as v from 'valibot';
import type { CommitStatus, CommitStatuses, StatusState } from '../../ports/commit-statuses.ts';
import { gitlabAnswerError } from './gitlab-errors.ts';
import { type Call, createCall, type GitLabWriterDeps } from './gitlab-writer.ts';

const MAX_DESCRIPTION = 255;
const KEPT_PIPELINES = 1_000;

const STATES: Record<StatusState, string> = {
  pending: 'pending',
  running: 'running',
  success: 'success',
  failure: 'failed',
  canceled: 'canceled',
};

/** How far a status that is not at its end has come; what is further on needs no older state. */
const RANK: Record<string, number> = { created: 0, pending: 1, running: 2 };

const PostedSchema = v.object({ pipeline_id: v.nullish(v.number()) });
const ListSchema = v.array(
  v.object({
    name: v.string(),
    status: v.string(),
    description: v.nullish(v.string()),
    target_url: v.nullish(v.string()),
  }),
);

/**
 * Writes commit statuses to GitLab. The pipeline that the first status of a commit and ref made (or found) is named by
 * the later ones, as a push may have several. A transition that GitLab refuses because the status is there already is a
 * success. Errors: as the port says; nothing is retried here, as the queue does that.
 * Source: fleet-eks-ux.md C2; GitLab's API "Commit statuses".
 */
export const createGitLabStatuses = (deps: GitLabWriterDeps): CommitStatuses => {
  const pipelines = new Map<string, number>();
  return {
    post: async (status) => {
      const { apiURL } = status.repository;
      const call = await createCall(deps, status.repository);
      const key = [apiURL, status.repository.url, status.commit, status.ref].join(' ');
      const pipeline = pipelines.get(key);
      const answer = await call('POST', `statuses/${encodeURIComponent(status.commit)}`, bodyOf(status, pipeline));
      if (answer.status === 400 && (await isThereAlready(call, status))) return;
      if (!answer.ok) {
        // The pipeline may have been deleted: the next attempt lets GitLab find one.
        pipelines.delete(key);
        throw gitlabAnswerError(answer, { subject: status.repository.url, now: deps.clock() });
      }
      const posted = v.safeParse(PostedSchema, await answer.json().catch(() => undefined));
      if (posted.success && posted.output.pipeline_id) remember(pipelines, key, posted.output.pipeline_id);
    },
    isShown: async (status) => {
      const { description, state, target_url: url } = bodyOf(status, undefined);
      const shown = await listStatuses(await createCall(deps, status.repository), status);
      return shown.some(
        (one) => one.status === state && one.description === description && (one.target_url ?? undefined) === url,
      );
    },
  };
};

/** `main` for `refs/heads/main`: GitLab's `ref` is the short name. */
const shortRef = (ref: string): string => ref.replace(/^refs\/(?:heads|tags)\//, '');

const bodyOf = (status: CommitStatus, pipeline: number | undefined): Record<string, string | number> => ({
  state: STATES[status.state],
  name: status.context,
  ref: shortRef(status.ref),
  description: status.description.slice(0, MAX_DESCRIPTION),
  ...(status.targetURL ? { target_url: status.targetURL } : {}),
  ...(pipeline === undefined ? {} : { pipeline_id: pipeline }),
});

const remember = (pipelines: Map<string, number>, key: string, pipeline: number): void => {
  const oldest = pipelines.size >= KEPT_PIPELINES ? pipelines.keys().next().value : undefined;
  if (oldest !== undefined) pipelines.delete(oldest);
  pipelines.set(key, pipeline);
};

/**
 * After a 400: GitLab before 18.3 refuses to set a state twice, or back from running to pending, and says so in words
 * only. Whether that was it is read from the commit itself.
 */
const isThereAlready = async (call: Call, status: CommitStatus): Promise<boolean> => {
  const wanted = STATES[status.state];
  const shown = await listStatuses(call, status);
  return shown.some((one) => one.status === wanted || (RANK[one.status] ?? -1) > (RANK[wanted] ?? 9));
};

/** What the commit shows in the status' context and ref: GitLab lists the newest of each; nothing where it cannot. */
const listStatuses = async (call: Call, status: CommitStatus): Promise<v.InferOutput<typeof ListSchema>> => {
  const query = new URLSearchParams({ name: status.context, ref: shortRef(status.ref), per_page: '100' });
  const answer = await call('GET', `repository/commits/${encodeURIComponent(status.commit)}/statuses?${query}`);
  const list = answer.ok ? v.safeParse(ListSchema, await answer.json().catch(() => undefined)) : undefined;
  return list?.success ? list.output.filter(({ name }) => name === status.context) : [];
};

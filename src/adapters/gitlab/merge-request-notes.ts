import * as v from 'valibot';
import type { PullRequestComment, PullRequestComments } from '../../ports/pull-request-comments.ts';
import { gitlabAnswerError } from './gitlab-errors.ts';
import { type Call, createCall, type GitLabWriterDeps } from './gitlab-writer.ts';

const MAX_PAGES = 10;
const PAGE_SIZE = 100;

const NoteSchema = v.object({ id: v.number(), body: v.optional(v.string(), '') });
const NotesSchema = v.array(NoteSchema);

/**
 * The note of a merge request on GitLab. One that is gone is written anew; one whose id is not known is looked for by its
 * marker. Errors: as the port says. Source: GitLab's API "Notes", merge requests.
 */
export const createGitLabNotes = (deps: GitLabWriterDeps): PullRequestComments => ({
  upsert: async (comment) => {
    const { repository, number, body } = comment;
    const call = await createCall(deps, repository);
    const notes = `merge_requests/${number}/notes`;
    const refuse = (answer: Response) => gitlabAnswerError(answer, { subject: repository.url, now: deps.clock() });
    const known = comment.id ?? (await find(call, notes, comment));
    if (known !== undefined) {
      const edited = await call('PUT', `${notes}/${encodeURIComponent(known)}`, { body });
      if (edited.ok) return { id: known };
      if (edited.status !== 404) throw refuse(edited);
    }
    const written = await call('POST', notes, { body });
    const note = written.ok ? v.safeParse(NoteSchema, await written.json().catch(() => undefined)) : undefined;
    if (!note?.success) throw refuse(written);
    return { id: String(note.output.id) };
  },
});

/** The oldest of the first thousand that holds the marker; none where they cannot be read. */
const find = async (call: Call, notes: string, { marker }: PullRequestComment): Promise<string | undefined> => {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const answer = await call('GET', `${notes}?sort=asc&order_by=created_at&per_page=${PAGE_SIZE}&page=${page}`);
    const list = answer.ok ? v.safeParse(NotesSchema, await answer.json().catch(() => undefined)) : undefined;
    if (!list?.success) return undefined;
    const own = list.output.find(({ body }) => body.startsWith(marker));
    if (own) return String(own.id);
    if (list.output.length < PAGE_SIZE) return undefined;
  }
  return undefined;
};

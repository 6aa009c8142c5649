import { createHash } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { leaseIsFree, newLease } from '../../domain/lease.ts';
import { PREVIEW_MARKER, previewComment } from '../../domain/preview/preview-comment.ts';
import type { PreviewRow } from '../../domain/preview/preview-row.ts';
import { previewStatuses } from '../../domain/preview/preview-statuses.ts';
import type { PreviewView } from '../../domain/preview/preview-view.ts';
import { afterFailure } from '../../domain/report/outbox.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';
import type { PullRequestComments } from '../../ports/pull-request-comments.ts';
import type { Store } from '../../ports/store.ts';
import { loadFleet } from '../load-fleet.ts';
import { loadPreview } from '../preview/preview-blobs.ts';
import { updateRow } from '../update-row.ts';
import type { ReportDeps } from './deps.ts';

export interface ReportPreviewDeps
  extends Pick<ReportDeps, 'fleets' | 'statuses' | 'events' | 'clock' | 'newId' | 'log'> {
  previews: Store<PreviewRow>;
  blobs: Pick<BlobCache, 'get'>;
  comments: PullRequestComments;
  previewURL: (preview: string) => string;
}

/**
 * Tells what a preview has come to: two statuses on the head commit, each state once, and one comment, edited in place; none
 * where nothing changes. A forge that is down is told later: the row stays due. Errors: those of the stores.
 */
export const reportPreview =
  (deps: ReportPreviewDeps) =>
  async (id: string): Promise<void> => {
    const owner = deps.newId();
    let isUnsure = false;
    const row = await updateRow(deps.previews, id, (known) => {
      const isHeldBack = (known?.undelivered?.retryAt ?? 0) > deps.clock();
      if (!known || isHeldBack || !leaseIsFree(known.lease, owner, deps.clock())) return undefined;
      isUnsure = known.lease !== undefined || known.undelivered?.unsure === true;
      return { ...known, lease: newLease(owner, deps.clock()) };
    });
    if (!row) return;
    const told = await tell(deps, row, isUnsure);
    await updateRow(deps.previews, id, (known) => {
      if (known?.lease?.owner !== owner) return undefined;
      const { lease: _lease, ...free } = known;
      // Another commit came meanwhile: its statuses are still to be told, the comment is the same.
      const isSame = known.commit === row.commit;
      const kept = isSame ? told : { told: { ...known.told, comment: told.told.comment }, undelivered: undefined };
      const next = { ...free, ...kept };
      const isAtRest = isSame && known.state === row.state && known.state !== 'rendering' && !told.undelivered;
      const { due: _due, ...rest } = next;
      return isAtRest ? rest : { ...rest, due: told.undelivered?.retryAt ?? deps.clock() };
    });
  };

type Told = Pick<PreviewRow, 'told' | 'undelivered'>;

const tell = async (deps: ReportPreviewDeps, row: PreviewRow, isUnsure: boolean): Promise<Told> => {
  const told: PreviewRow['told'] = { ...row.told, statuses: { ...row.told.statuses } };
  const fleet = await loadFleet(deps);
  const config = fleet.file.repositories.find(({ url }) => sameRepository(url, row.request.repository));
  const view = row.state === 'done' ? await loadPreview<PreviewView>(deps.blobs, row.view) : undefined;
  if (!config || row.state === 'closed') return { told };
  try {
    await tellStatuses(deps, row, { config, view, told, isUnsure });
    if (view) await tellComment(deps, row, { config, view, told, isUnsure });
    return { told, undelivered: undefined };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { told, undelivered: afterFailure(row.undelivered, error, deps.clock()) };
  }
};

interface Telling {
  config: RepositoryConfig;
  view: PreviewView | undefined;
  /** Grows as the forge is told. */
  told: PreviewRow['told'];
  /** The reporter before died at this, or got no answer: what was written already is not written again. */
  isUnsure: boolean;
}

const tellStatuses = async (
  deps: ReportPreviewDeps,
  row: PreviewRow,
  { config, view, told, isUnsure }: Telling,
): Promise<void> => {
  const { commit, request, id } = row;
  for (const status of previewStatuses(view)) {
    const { context, state, description, annotations } = status;
    if (told.statuses[context] === state || (state === 'pending' && told.statuses[context])) continue;
    const where = annotations ? { annotations } : {};
    const about = { context, state, description, repository: config, commit, ref: request.head.ref };
    const full = { ...about, ...where, targetURL: deps.previewURL(id) };
    const isShown = isUnsure && (await given(deps, id, () => deps.statuses.isShown(full)));
    if (!isShown) await given(deps, id, () => deps.statuses.post(full));
    told.statuses[context] = state;
    const at = deps.clock();
    const { repository } = request;
    deps.events.emit({ event: 'status', at, repository, commit, context, state, description, rollout: id });
  }
};

const tellComment = async (
  deps: ReportPreviewDeps,
  { id, commit, request }: PreviewRow,
  { config, view, told }: Telling & { view: PreviewView },
): Promise<void> => {
  const isNoOp = view.groups.length + view.failures.length + view.violations.length === 0;
  if (isNoOp && told.comment === undefined) return;
  const body = previewComment({ view, commit, url: deps.previewURL(id) });
  const digest = createHash('sha256').update(body).digest('hex');
  if (told.digest === digest) return;
  const known = told.comment === undefined ? {} : { id: told.comment };
  const comment = { repository: config, number: request.number, body, marker: PREVIEW_MARKER, ...known };
  const written = await given(deps, id, () => deps.comments.upsert(comment));
  if (written) Object.assign(told, { comment: written.id });
  told.digest = digest;
};

/** What the forge refuses for good is logged and left; what may pass is thrown. */
const given = async <Result>(
  { log }: ReportPreviewDeps,
  preview: string,
  call: () => Promise<Result>,
): Promise<Result | undefined> => {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'transient') throw error;
    log.warn('preview not told', { preview, code: error.code, reason: error.message });
    return undefined;
  }
};

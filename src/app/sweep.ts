import type { ApplicationRow } from '../domain/application-row.ts';
import type { ClusterRow } from '../domain/cluster-row.ts';
import type { DeliveryRow } from '../domain/delivery.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import type { Origin } from '../domain/origin.ts';
import type { PreviewRow } from '../domain/preview/preview-row.ts';
import type { RefRow } from '../domain/ref-row.ts';
import type { RegistrationRow } from '../domain/registry/registration-row.ts';
import type { RenderRow } from '../domain/render-row.ts';
import type { AlertRow } from '../domain/report/alerts.ts';
import { isTerminal, type Rollout } from '../domain/rollout.ts';
import type { Row } from '../domain/row.ts';
import type { FactsMessage } from '../messages/facts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Correlation } from '../ports/correlation.ts';
import type { Log } from '../ports/log.ts';
import type { Queues, Send } from '../ports/queues.ts';
import type { Store } from '../ports/store.ts';
import { changeMessageOf, previewMessageOf } from './accept-delivery.ts';
import { announceRegistrations } from './registry/announce.ts';
import { updateRow } from './update-row.ts';

export interface SweepDeps {
  deliveries: Store<DeliveryRow>;
  refs: Store<RefRow>;
  renders: Store<RenderRow>;
  applications: Store<ApplicationRow>;
  registrations: Store<RegistrationRow>;
  fleets: Pick<Store<FleetRow>, 'get'>;
  rollouts: Store<Rollout>;
  previews: Store<PreviewRow>;
  alerts: Store<AlertRow>;
  queues: Queues;
  /** Absent: what is sent again is sent under no id. */
  correlation?: Pick<Correlation, 'run'>;
  clock: Clock;
  log: Log;
}

const PAGE = 1_000;
const AGAIN_AFTER_MS = 60_000;

/**
 * Repeats what should have moved and has not: it asks the due indexes (never scans), sends each row's message again and
 * pushes its `due` on, so that a row is not sent twice a minute. Runs every minute; any number at a time do no harm.
 */
export const sweep = (deps: SweepDeps) => async (): Promise<{ repeated: number }> => {
  const { queues } = deps;
  const counts = await Promise.all([
    repeat(deps, deps.deliveries, (rows) =>
      queues.changes(rows.map((row) => previewMessageOf(row) ?? changeMessageOf(row))),
    ),
    repeat(deps, deps.refs, (rows) => eachDelivery(deps, rows, ({ origin }) => origin, retryPlans(queues))),
    repeat(deps, deps.renders, (rows) => eachDelivery(deps, rows, ({ origin }) => origin, repeatRenders(queues))),
    repeat(deps, deps.applications, (rows) => eachDelivery(deps, rows, underWay, repeatSyncs(queues))),
    repeat(deps, deps.registrations, () => announceRegistrations(deps)),
    repeat(deps, deps.alerts, (rows) => queues.reports(rows.map(({ id }) => ({ version: 1, alert: id })))),
    repeat(deps, deps.previews, (rows) => repeatPreviews(deps, rows)),
    repeat(deps, deps.rollouts, (rows) => eachDelivery(deps, rows, ({ origin }) => origin, repeatReports(queues))),
  ]);
  const repeated = counts.reduce((sum, count) => sum + count, 0);
  if (repeated > 0) deps.log.info('repeated what was due', { repeated });
  return { repeated };
};

const repeat = async <R extends Row>(
  { clock }: Pick<SweepDeps, 'clock'>,
  store: Store<R>,
  send: (rows: R[]) => Promise<void>,
): Promise<number> => {
  const now = clock();
  const rows = await store.getMany(await store.due(now, PAGE));
  // The index is eventually consistent: the row decides.
  const due = rows.filter((row) => row.due !== undefined && row.due <= now);
  if (due.length === 0) return 0;
  await send(due);
  await Promise.all(
    due.map(({ id }) =>
      updateRow(store, id, (row) =>
        row?.due !== undefined && row.due <= now ? { ...row, due: now + AGAIN_AFTER_MS } : undefined,
      ),
    ),
  );
  return due.length;
};

/** Clusters that charts ask about are read again when it is time; who reads them says when the next one is. */
export const sweepClusters =
  (deps: { clusters: Store<ClusterRow>; askFacts: Send<FactsMessage>; clock: Clock }) => async (): Promise<number> =>
    repeat(deps, deps.clusters, (rows) => deps.askFacts(rows.map(({ id }) => ({ version: 1, cluster: id }))));

/** One that is being rendered is looked at again, and what it has come to is told again. */
const repeatPreviews = async ({ queues }: SweepDeps, rows: readonly PreviewRow[]): Promise<void> => {
  const rendering = rows.filter(({ state }) => state === 'rendering');
  await queues.changes(
    rendering.map(({ commit, request: { head, ...request } }) => ({
      version: 1,
      ...request,
      action: 'updated',
      head: { ...head, commit },
      labels: [],
    })),
  );
  await queues.reports(rows.map(({ id }) => ({ version: 1, preview: id })));
};

/** Sends what rows wait for under the id of the delivery that each comes of, so that its log lines lead there. */
const eachDelivery = async <R extends Row>(
  { correlation }: Pick<SweepDeps, 'correlation'>,
  rows: readonly R[],
  originOf: (row: R) => Origin | undefined,
  send: (rows: readonly R[]) => Promise<void>,
): Promise<void> => {
  const groups = Map.groupBy(rows, (row) => originOf(row)?.delivery);
  await Promise.all(
    [...groups].map(([id, group]) => (correlation ? correlation.run(id, () => send(group)) : send(group))),
  );
};

/** The push that an application is on its way for: what is looked at again at rest is no push's doing. */
const underWay = ({ desired, told }: ApplicationRow): Origin | undefined =>
  told !== undefined && told.rollout === desired?.rollout && isTerminal(told.phase) ? undefined : desired?.origin;

const retryPlans = (queues: Queues) => (rows: readonly RefRow[]) =>
  queues.changes(rows.map(({ repository, ref }) => ({ version: 1, repository, ref, cause: 'retry' })));

const repeatRenders = (queues: Queues) => (rows: readonly RenderRow[]) =>
  queues.renders(rows.map(({ id }) => ({ version: 1, renderKeys: [id] })));

const repeatSyncs = (queues: Queues) => (rows: readonly ApplicationRow[]) =>
  queues.syncs(rows.map(({ id }) => ({ version: 1, application: id, hops: 0, repeated: true })));

const repeatReports = (queues: Queues) => (rows: readonly Rollout[]) =>
  queues.reports(rows.map(({ id }) => ({ version: 1, rollout: id })));

import type { ApplicationRow } from '../../domain/application-row.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import { readSubscriptions } from '../../domain/fleet/subscriptions.ts';
import { newAlerts, withAlerts } from '../../domain/report/alerts.ts';
import { updateRow } from '../update-row.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance } from './look.ts';

/**
 * What a look came to, and what subscribers of annotations are to hear of it apart from any rollout: each alert is a row of
 * its own, written before the application's, so that one which is seen again after a crash is known by its id. Errors: those
 * of stores and queues.
 */
export const noteAlerts = async (
  deps: SyncDeps,
  row: ApplicationRow,
  project: AppProject | undefined,
  result: Advance,
): Promise<Advance> => {
  const subscriptions = [readSubscriptions(row.spec.annotations), project?.notify].flatMap((one) => one ?? []);
  if (subscriptions.length === 0) return result;
  const alerts = newAlerts(row, { ...row, ...result.change }, subscriptions, deps.clock());
  if (alerts.length === 0) return result;
  for (const alert of alerts) await updateRow(deps.alerts, alert.id, (known) => (known ? undefined : alert));
  await deps.queues.reports(alerts.map(({ id }) => ({ version: 1, alert: id })));
  return { ...result, change: { ...result.change, alerted: withAlerts(row, alerts) } };
};

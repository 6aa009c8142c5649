import { AppError, transient } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { holdsLease } from '../../domain/lease.ts';
import { type DueDeployment, deploymentKey, dueDeployments } from '../../domain/report/deployments.ts';
import { afterFailure } from '../../domain/report/outbox.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import type { SentDeployment } from '../../domain/rollout.ts';
import type { ReportDeps, Telling, Told } from './deps.ts';

/** More environments than that wait for the next fold: each takes two or three requests. */
const AT_ONCE = 10;
const NEXT_MS = 1_000;

/**
 * Tells the forge how each environment's deployment stands, where the fleet file asks for deployments: one deployment for each
 * (rollout, environment), each of its states once. A forge that cannot take them now is told later, one that refuses is not
 * asked again in this rollout. `later` (ms): when to go on. Errors: those of the stores.
 */
export const tellDeployments = async (deps: ReportDeps, telling: Telling): Promise<{ told: Told; later?: number }> => {
  const { rollout, fleet, summary } = telling;
  const failed = rollout.undelivered?.deployments;
  const config = fleet.file.repositories.find(({ url }) => sameRepository(url, rollout.repository));
  const due = config ? dueDeployments(rollout, summary, config) : [];
  const nothing = { told: failed ? { undelivered: { ...rollout.undelivered, deployments: undefined } } : {} };
  if (!config || due.length === 0) return nothing;
  if (failed && failed.retryAt > deps.clock()) return { told: {} };
  const sent: Record<string, SentDeployment> = { ...rollout.deployments };
  const isUnsure = telling.isUnsure || failed?.unsure === true;
  for (const one of due.slice(0, AT_ONCE)) {
    // A reporter that was paused past its lease may have been overtaken: what it folded is old.
    if (!holdsLease(rollout.lease, telling.owner, deps.clock())) throw transient('report-late', 'the lease ran out');
    try {
      sent[one.environment] = await tell(deps, telling, { config, due: one, isUnsure });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message: reason, kind } = error;
      deps.log.warn('deployment not told', { rollout: rollout.id, environment: one.environment, code, reason });
      if (kind !== 'transient') {
        sent[one.environment] = { ...sent[one.environment], attempt: rollout.attempt, refused: code };
        continue;
      }
      const deployments = afterFailure(failed, error, deps.clock());
      return { told: { deployments: sent, undelivered: { ...rollout.undelivered, deployments } } };
    }
  }
  const told = { deployments: sent, undelivered: { ...rollout.undelivered, deployments: undefined } };
  return { told, ...(due.length > AT_ONCE ? { later: deps.clock() + NEXT_MS } : {}) };
};

interface Step {
  config: RepositoryConfig;
  due: DueDeployment;
  /** The reporter before died, or never heard the forge's answer: what it may have written is looked at first. */
  isUnsure: boolean;
}

const tell = async (
  { deployments }: ReportDeps,
  { rollout, summary }: Telling,
  { config, due, isUnsure }: Step,
): Promise<SentDeployment> => {
  const { environment, state, description, production, url, replacesEarlier } = due;
  const { commit, id: rolloutId, attempt } = rollout;
  const key = deploymentKey(rolloutId, environment);
  const known = rollout.deployments?.[environment]?.id;
  const { id, isNew } =
    known === undefined
      ? await deployments.open({
          repository: config,
          commit,
          environment,
          key,
          ...(production === undefined ? {} : { production }),
        })
      : { id: known, isNew: !isUnsure };
  if (isNew || (await deployments.stateOf(config, id)) !== state) {
    const at = { logURL: summary.url, ...(url ? { environmentURL: url } : {}) };
    await deployments.update(config, id, { state, description, replacesEarlier, ...at });
  }
  return { id, state, attempt };
};

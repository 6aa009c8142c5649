import type { KubernetesObject } from '../../kubernetes-object.ts';
import { conditionsAt } from '../fields.ts';
import type { Health } from '../health-status.ts';
import { condition, from, phase } from './rules.ts';

/** The condition of a child application that the fleet was not compiled with yet. */
export const UNPLANNED = 'Unplanned';
/** The condition of one that waits for a person: manual sync, closed window, approval. */
export const WAITING_FOR_PERSON = 'WaitingForPerson';

/** Its parent's rollout goes on until it is planned; after that it has no health where no script says so, as in Argo CD. */
export const childApplication = condition(UNPLANNED, 'True', 'Progressing');

const reported = phase(
  'status.health.status',
  {
    Healthy: ['Healthy'],
    Suspended: ['Suspended'],
    Progressing: ['Progressing', 'Missing'],
    Degraded: ['Degraded'],
    Unknown: ['Unknown'],
  },
  from('status.health.message'),
);

/**
 * The health of a child application by which the next wave waits for it: synced and healthy, so that waves order child
 * applications without a script in `argocd-cm`. One that waits for a person holds nothing up.
 */
export const waveHealth = (object: KubernetesObject): Health | undefined => {
  const isApplication = object.kind === 'Application' && object.apiVersion.startsWith('argoproj.io/');
  if (!isApplication || conditionsAt(object).some(({ type }) => type === WAITING_FOR_PERSON)) return undefined;
  return reported(object);
};

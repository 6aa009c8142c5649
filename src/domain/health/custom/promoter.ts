import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, listAt, textAt } from '../fields.ts';
import {
  condition,
  type Kinds,
  kinds,
  observedConditions,
  otherwise,
  type Rule,
  reasonAndMessage,
  reported,
  rules,
  when,
} from './rules.ts';

/** What every kind of the promoter reports alike; then its own rules. */
const reconciled = (...own: readonly Rule[]): Rule =>
  rules(
    when((object) => Boolean(object.metadata.deletionTimestamp), 'Progressing', 'Being deleted'),
    reported('status.conditions'),
    observedConditions('Ready'),
    condition('Ready', 'False', 'Degraded', { message: reasonAndMessage }),
    condition('Ready', 'Unknown', 'Progressing', { message: reasonAndMessage }),
    when((object) => !isReady(object), 'Progressing', 'Not yet ready'),
    ...own,
    otherwise('Healthy', 'Reconciled'),
  );

const isReady = (object: KubernetesObject): boolean =>
  condition('Ready', 'True', 'Healthy')(object)?.status === 'Healthy';

const inPhase = (object: KubernetesObject, list: string, phase: string): unknown[] =>
  listAt(object, `status.${list}`).filter((one) => textAt(one, 'phase') === phase);

const branches = (object: KubernetesObject, phase: string): string =>
  inPhase(object, 'environments', phase)
    .map((one) => textAt(one, 'branch'))
    .join(', ');

/** The commit status gates: the worst of their environments. */
const gate = reconciled(
  when(
    (object) => inPhase(object, 'environments', 'failure').length > 0,
    'Degraded',
    (object) => `failed for ${branches(object, 'failure')}`,
  ),
  when(
    (object) => inPhase(object, 'environments', 'pending').length > 0,
    'Progressing',
    (object) => `pending for ${branches(object, 'pending')}`,
  ),
);

/** An Argo CD commit status reports on applications; it is itself well unless it has none. */
const argoStatus = reconciled(
  when(
    (object) => listAt(object, 'status.applicationsSelected').length === 0,
    'Degraded',
    'No application is selected',
  ),
);

const lacksSha = (side: string): Rule =>
  when(
    (object) => !textAt(object, `status.${side}.dry.sha`),
    'Progressing',
    `Waiting for the ${side} commit to be known`,
  );

const transfer = reconciled(
  lacksSha('active'),
  lacksSha('proposed'),
  when((object) => isMoving(at(object, 'status')), 'Progressing', 'A promotion is under way'),
);

/** Proposed and active commits differ until the promotion is merged. */
const isMoving = (environment: unknown): boolean =>
  textAt(environment, 'proposed.dry.sha') !== textAt(environment, 'active.dry.sha');

const environments = (object: KubernetesObject): unknown[] => listAt(object, 'status.environments');

const strategy = reconciled(
  when((object) => environments(object).length === 0, 'Progressing', 'No environment is known yet'),
  when(
    (object) => environments(object).some((one) => !textAt(one, 'active.dry.sha') || !textAt(one, 'proposed.dry.sha')),
    'Progressing',
    'Waiting for the commits of every environment to be known',
  ),
  when((object) => environments(object).some(isMoving), 'Progressing', 'A promotion is under way'),
);

const GATES = ['GitCommitStatus', 'TimedCommitStatus', 'WebRequestCommitStatus'];
const PLAIN = [
  'ClusterScmProvider',
  'CommitStatus',
  'ControllerConfiguration',
  'GitRepository',
  'PullRequest',
  'ScmProvider',
];

/** GitOps Promoter. */
export const promoterKinds: Kinds = {
  ...kinds('promoter.argoproj.io', GATES, gate),
  ...kinds('promoter.argoproj.io', PLAIN, reconciled()),
  'promoter.argoproj.io/ArgoCDCommitStatus': argoStatus,
  'promoter.argoproj.io/ChangeTransferPolicy': transfer,
  'promoter.argoproj.io/PromotionStrategy': strategy,
};

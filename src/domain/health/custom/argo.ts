import type { KubernetesObject } from '../../kubernetes-object.ts';
import { conditionsAt, textAt } from '../fields.ts';
import { argoRollout } from './argo-rollout.ts';
import { childApplication } from './child-application.ts';
import { allTrue, condition, from, type Kinds, otherwise, phase, type Rule, reported, rules, when } from './rules.ts';

/** AnalysisRun and Experiment: a run that ends. */
const run: Rule = rules(
  reported('status.phase'),
  phase(
    'status.phase',
    {
      Healthy: ['Successful'],
      Degraded: ['Failed', 'Error'],
      Unknown: ['Inconclusive'],
      Progressing: ['Pending', 'Running'],
    },
    (object) => textAt(object, 'status.message') || textAt(object, 'status.phase'),
  ),
  otherwise('Unknown', from('status.message')),
);

const applicationSet = rules(
  reported('status.conditions'),
  condition('ErrorOccurred', 'True', 'Degraded'),
  condition('ResourcesUpToDate', 'False', 'Degraded'),
  condition('RolloutProgressing', 'True', 'Progressing'),
  condition('ResourcesUpToDate', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the applications'),
);

/** A schedule at rest is healthy; only what keeps it from running counts. */
const cronWorkflow = rules(condition(/^(SpecError|SubmissionError)$/, 'True', 'Degraded'), otherwise('Healthy'));

/** EventBus, EventSource and Sensor: every part configured and deployed. */
const events = rules(
  reported('status.conditions'),
  condition(/./, 'False', 'Degraded'),
  allTrue(),
  otherwise('Progressing', 'Waiting for all conditions to become true'),
);

const RESULT = 'numaplane.numaproj.io/progressive-result-state';

/** Numaflow's own kinds; Numaplane marks with a label the one whose progressive upgrade failed. */
const numaflow = rules(
  reported(),
  generationSeen(),
  when((object) => object.metadata.labels?.[RESULT] === 'failed', 'Degraded', 'The progressive upgrade failed'),
  phase(
    'status.phase',
    { Degraded: ['Failed'], Progressing: ['Pending', 'Deleting', ''] },
    (object) => textAt(object, 'status.message') || textAt(object, 'status.phase'),
  ),
  condition(/./, 'False', 'Degraded'),
  phase('status.phase', { Suspended: ['Paused', 'Pausing'] }),
  otherwise('Healthy', from('status.phase')),
);

/** Numaplane and Numaflow always report a generation: another one than the object's is not current. */
function generationSeen(): Rule {
  return when(
    (object) => object['status'] !== undefined && seen(object['status']) !== object.metadata.generation,
    'Progressing',
    'Waiting for the controller to observe the current spec',
  );
}

const seen = (status: unknown): unknown =>
  typeof status === 'object' && status !== null && 'observedGeneration' in status
    ? status.observedGeneration
    : undefined;

/** Why the child resources are not well: while they are on their way it says so. */
const isChildMoving = condition('ChildResourcesHealthy', 'False', 'Progressing', { reasons: ['Progressing'] });

const isUpgrading = (object: KubernetesObject): boolean => {
  const hasFailed = conditionsAt(object).some((c) => c.type === 'ProgressiveUpgradeSucceeded' && c.status === 'False');
  const isAsked = textAt(object, 'status.upgradeInProgress') !== '' || textAt(object, 'status.phase') === 'Pending';
  return isAsked && !hasFailed;
};

const numaplane = rules(
  reported(),
  generationSeen(),
  when(isUpgrading, 'Progressing', 'An upgrade is in progress'),
  isChildMoving,
  phase('status.phase', { Degraded: ['Failed'] }, from('status.message')),
  condition('ProgressiveUpgradeSucceeded', 'False', 'Degraded'),
  condition('ChildResourcesHealthy', 'False', 'Degraded'),
  condition(/PausingOrPaused$/, 'True', 'Healthy'),
  condition('ChildResourcesHealthy', 'Unknown', 'Progressing'),
  phase('status.phase', { Healthy: ['Deployed'] }),
  otherwise('Progressing', from('status.phase', 'Waiting for the rollout')),
);

const NUMAFLOW = ['InterStepBufferService', 'MonoVertex', 'Pipeline', 'Vertex'];
const NUMAPLANE = ['ISBServiceRollout', 'MonoVertexRollout', 'NumaflowControllerRollout', 'PipelineRollout'];

/** The Argo project's kinds (but its promoter's) and Numaproj's. */
export const argoKinds: Kinds = {
  'argoproj.io/Rollout': argoRollout,
  'argoproj.io/AnalysisRun': run,
  'argoproj.io/Experiment': run,
  'argoproj.io/Application': childApplication,
  'argoproj.io/ApplicationSet': applicationSet,
  'argoproj.io/CronWorkflow': cronWorkflow,
  'argoproj.io/EventBus': events,
  'argoproj.io/EventSource': events,
  'argoproj.io/Sensor': events,
  ...Object.fromEntries(NUMAFLOW.map((kind) => [`numaflow.numaproj.io/${kind}`, numaflow])),
  ...Object.fromEntries(
    [...NUMAPLANE, 'NumaflowController'].map((kind) => [`numaplane.numaproj.io/${kind}`, numaplane]),
  ),
};

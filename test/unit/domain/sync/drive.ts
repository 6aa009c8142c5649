import { AppError } from '../../../../src/domain/errors.ts';
import { assessHealth } from '../../../../src/domain/health/health.ts';
import { type KubernetesObject, refOf, resourceKey } from '../../../../src/domain/kubernetes-object.ts';
import type { Action, ActionResult } from '../../../../src/domain/sync/actions.ts';
import { FIELD_MANAGER } from '../../../../src/domain/sync/migrate-fields.ts';
import { observe } from '../../../../src/domain/sync/observe.ts';
import { type StartInput, startOperation } from '../../../../src/domain/sync/start-operation.ts';
import { nextStep } from '../../../../src/domain/sync/step.ts';
import type {
  InventoryEntry,
  Operation,
  OperationOptions,
  Step,
  StepInput,
  SyncedApplication,
  TrackingSettings,
} from '../../../../src/domain/sync/sync-operation.ts';
import { prepareTargets } from '../../../../src/domain/sync/targets.ts';
import { createFakeCluster, type FakeCluster } from '../../../fakes/fake-cluster.ts';

export const SETTINGS: TrackingSettings = {
  trackingMethod: 'annotation',
  instanceLabelKey: 'app.kubernetes.io/instance',
  installationID: '',
};

export const application = (syncOptions: string[] = [], more: Partial<SyncedApplication> = {}): SyncedApplication => ({
  name: 'web',
  namespace: 'argocd',
  annotations: {},
  finalizers: [],
  destination: { server: 'https://kubernetes.default.svc', namespace: 'web' },
  syncPolicy: { syncOptions },
  ...more,
});

/** A plain object in namespace web; `annotations` by their short names. */
export const object = (
  kind: string,
  name: string,
  annotations: Record<string, string> = {},
  more: Record<string, unknown> = {},
): KubernetesObject => {
  const full = Object.entries(annotations).map(([key, value]) => [
    key.includes('/') ? key : `argocd.argoproj.io/${key}`,
    value,
  ]);
  const metadata = { name, ...(full.length > 0 ? { annotations: Object.fromEntries(full) } : {}) };
  return { apiVersion: VERSIONS[kind] ?? 'v1', kind, metadata, ...more };
};

const VERSIONS: Record<string, string> = {
  Deployment: 'apps/v1',
  Job: 'batch/v1',
  Widget: 'example.com/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
};

export const definition: KubernetesObject = {
  ...object('CustomResourceDefinition', 'widgets.example.com'),
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [{ name: 'v1', served: true, storage: true }],
  },
};

export interface World {
  cluster: FakeCluster;
  now: () => number;
  advance: (seconds: number) => void;
  application: SyncedApplication;
  settings: TrackingSettings;
  inventory: InventoryEntry[];
  /** What the controllers make of an object, so many seconds after it was made. */
  outcome: (object: KubernetesObject, age: number) => unknown;
  permitted: StepInput['permitted'];
}

const START = Date.UTC(2026, 0, 1);
const NAMESPACE = object('Namespace', 'web');

export const createWorld = (
  more: Partial<Omit<World, 'cluster' | 'now' | 'advance'>> = {},
  objects = [NAMESPACE],
): World => {
  let now = START;
  const clock = () => now;
  return {
    cluster: createFakeCluster({ clock, strictNamespaces: true, objects }),
    now: clock,
    advance: (seconds) => {
      now += seconds * 1000;
    },
    application: application(),
    settings: SETTINGS,
    inventory: [],
    outcome: workloads,
    permitted: () => undefined,
    ...more,
  };
};

/** Jobs take three seconds (those named `fails…` fail), Deployments two, definitions a tenth of one. */
export const workloads: World['outcome'] = ({ kind, metadata }, age) => {
  if (kind === 'Job' && age >= 3) {
    const type = metadata.name?.startsWith('fails') ? 'Failed' : 'Complete';
    return { conditions: [{ type, status: 'True' }] };
  }
  if (kind === 'Deployment') {
    const ready = age >= 2 ? 1 : 0;
    return { observedGeneration: metadata.generation, replicas: 1, updatedReplicas: 1, availableReplicas: ready };
  }
  if (kind === 'CustomResourceDefinition' && age >= 0.1)
    return { conditions: [{ type: 'Established', status: 'True' }] };
  return undefined;
};

const control = ({ cluster, outcome, now }: World): void => {
  for (const live of cluster.objects.values()) {
    const age = (now() - Date.parse(live.metadata.creationTimestamp ?? '')) / 1000;
    const status = outcome(live, age);
    if (status !== undefined && JSON.stringify(status) !== JSON.stringify(live['status']))
      cluster.setStatus(refOf(live), status);
  }
};

const execute = async ({ cluster }: World, action: Action): Promise<ActionResult> => {
  const { key, type } = action;
  try {
    const found = await perform(cluster, action);
    return { key, type, ...(found ? { object: found } : {}) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { key, type, error: { code: error.code, kind: error.kind, message: error.message } };
  }
};

const perform = async (cluster: FakeCluster, action: Action): Promise<KubernetesObject | undefined> => {
  const options = { fieldManager: FIELD_MANAGER };
  switch (action.type) {
    case 'read':
      return cluster.get(action.ref);
    case 'dry-run':
      if (action.method === 'create') return cluster.create(action.object, { ...options, dryRun: true });
      return cluster.apply(action.object, { ...options, force: true, dryRun: true });
    case 'apply':
      return cluster.apply(action.object, { ...options, force: true });
    case 'create':
      return cluster.create(action.object, options);
    case 'replace':
      return cluster.replace(action.object, options);
    case 'patch':
      return cluster.patch(action.ref, action.patch, options);
    case 'delete':
      await cluster.delete(action.ref, action);
      return undefined;
  }
};

export interface Sync {
  objects: readonly KubernetesObject[];
  options?: Partial<OperationOptions>;
  kind?: Operation['kind'];
  input?: Partial<Pick<StepInput, 'outOfSync' | 'withIgnoredFields' | 'approved' | 'waveDelaySeconds'>>;
  /** A crash of the worker at this step (from 0), before or after its actions were run. */
  crash?: { step: number; when: 'before' | 'after' };
  /** Store after every step; else only where the engine asks for it. */
  storeAlways?: boolean;
  /** Called before each step; may change the world, or the operation. */
  meddle?: (operation: Operation, step: number) => Operation | undefined;
  maxSteps?: number;
  start?: Partial<StartInput>;
}

export interface Outcome {
  operation: Operation;
  steps: Step[];
  waits: NonNullable<Step['wait']>[];
  /** Where it stopped for a person or ran out of steps. */
  isDone: boolean;
}

/** Runs one operation as the use case does, to its end or to a wait for approval. */
export const sync = async (world: World, syncing: Sync): Promise<Outcome> => {
  const apiResources = await world.cluster.discover();
  const { targets } = prepareTargets({ ...world, apiResources, objects: syncing.objects });
  const started = startOperation({
    id: 'op-1',
    kind: syncing.kind ?? 'sync',
    generation: 1,
    now: world.now(),
    revisions: ['0123456789abcdef'],
    targets,
    targetsDigest: 'digest',
    options: { prune: true, ...syncing.options },
    ...syncing.start,
  });
  return drive(world, syncing, targets, started);
};

const prepareAgain = async (world: World, { objects }: Sync): Promise<StepInput['targets']> =>
  prepareTargets({ ...world, apiResources: await world.cluster.discover(), objects }).targets;

export const drive = async (
  world: World,
  syncing: Sync,
  first: StepInput['targets'],
  started: Operation,
): Promise<Outcome> => {
  let targets = first;
  let stored = { operation: started, inventory: world.inventory };
  let { operation, inventory } = stored;
  let live = new Map<string, KubernetesObject | undefined>();
  let results: ActionResult[] = [];
  const steps: Step[] = [];
  const waits: Outcome['waits'] = [];
  const crash = () => {
    ({ operation, inventory } = structuredClone(stored));
    live = new Map();
    results = [];
  };
  for (let index = 0; index < (syncing.maxSteps ?? 500); index++) {
    operation = syncing.meddle?.(operation, index) ?? operation;
    const { application: app, settings, permitted } = world;
    const step = nextStep({
      operation,
      application: app,
      settings,
      targets,
      inventory,
      live,
      results,
      healthOf: (one) => assessHealth(one),
      permitted,
      now: world.now(),
      ...syncing.input,
    });
    steps.push(step);
    operation = structuredClone(step.operation);
    inventory = step.inventory ?? inventory;
    const isStored = syncing.storeAlways || step.storeFirst || step.wait || step.done;
    if (isStored) stored = structuredClone({ operation, inventory });
    const isCrash = syncing.crash?.step === index;
    if (isCrash && syncing.crash?.when === 'before') {
      crash();
      continue;
    }
    if (step.done) break;
    results = await Promise.all(step.actions.map((action) => execute(world, action)));
    observe(live, results);
    world.advance(step.wait?.seconds ?? 0.005);
    control(world);
    if (isCrash) crash();
    if (!step.wait) continue;
    waits.push(step.wait);
    if (step.wait.reason === 'approval') break;
    if (step.wait.reason === 'kind') targets = await prepareAgain(world, syncing);
    live = new Map();
    results = [];
  }
  world.inventory = inventory;
  return { operation, steps, waits, isDone: operation.stage === 'ended' };
};

/** `verb Kind/name` of every write, in order. */
export const writesOf = ({ cluster }: World): string[] =>
  cluster.writes().map(({ verb, ref }) => `${verb} ${ref?.kind}/${ref?.name}`);

/** What is in the cluster, without what differs from run to run. */
export const stateOf = ({ cluster }: World): Record<string, unknown> =>
  Object.fromEntries(
    [...cluster.objects]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { metadata, ...rest }]) => {
        const { name, namespace, annotations, labels, finalizers } = metadata;
        const { status: _status, ...spec } = rest;
        return [key, { ...spec, metadata: { name, namespace, annotations, labels, finalizers } }];
      }),
  );

export const keyOf = (kind: string, name: string, namespace = 'web'): string =>
  resourceKey({ ...refOf(object(kind, name)), ...(namespace ? { namespace } : {}) });

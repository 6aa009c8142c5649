import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ClientSide } from './actions.ts';
import { annotationWords, hasAnnotationOption } from './annotations.ts';
import type { ResourceOptions, SyncedApplication } from './sync-operation.ts';

export const SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';

/** The sync options that only an Application has. */
export interface ApplicationOptions {
  createNamespace: boolean;
  applyOutOfSyncOnly: boolean;
  failOnSharedResource: boolean;
  respectIgnoreDifferences: boolean;
  clientSideApplyMigration: boolean;
  prunePropagationPolicy: 'Foreground' | 'Background' | 'Orphan';
}

/** What an Application's `syncOptions` say; words match exactly, the last of two counts. Source: Argo CD docs, Sync Options. */
export const applicationOptions = ({ syncPolicy }: Pick<SyncedApplication, 'syncPolicy'>): ApplicationOptions => {
  const words = syncPolicy.syncOptions;
  const has = (word: string) => words.includes(word);
  return {
    createNamespace: has('CreateNamespace=true'),
    applyOutOfSyncOnly: has('ApplyOutOfSyncOnly=true'),
    failOnSharedResource: has('FailOnSharedResource=true'),
    respectIgnoreDifferences: has('RespectIgnoreDifferences=true'),
    clientSideApplyMigration: !has('ClientSideApplyMigration=false'),
    prunePropagationPolicy: propagationOf(words),
  };
};

const propagationOf = (words: readonly string[]): ApplicationOptions['prunePropagationPolicy'] => {
  const policy = words.findLast((word) => word.startsWith('PrunePropagationPolicy='))?.split('=')[1];
  if (policy === 'background') return 'Background';
  return policy === 'orphan' ? 'Orphan' : 'Foreground';
};

/** How one object is synced: what its annotation says, over what its Application says for all. */
export const resourceOptions = (
  object: Pick<KubernetesObject, 'kind' | 'metadata'>,
  { syncPolicy }: Pick<SyncedApplication, 'syncPolicy'>,
): ResourceOptions => {
  const own = annotationWords(object, SYNC_OPTIONS);
  const either = (word: string) => own.includes(word) || syncPolicy.syncOptions.includes(word);
  const validate = own.includes('Validate=true') || !either('Validate=false');
  return {
    validate,
    skipDryRunOnMissingResource: either('SkipDryRunOnMissingResource=true'),
    prune: choice('Prune', own, syncPolicy.syncOptions),
    pruneLast: either('PruneLast=true'),
    delete: choice('Delete', own, syncPolicy.syncOptions),
    replace: !own.includes('Replace=false') && either('Replace=true'),
    force: own.includes('Force=true'),
    serverSideApply: isServerSide(own, syncPolicy.syncOptions) ?? validate,
  };
};

/** How the apply of one object is sent: nothing to say of a server-side one. */
export const applyWay = ({
  serverSideApply,
  validate,
}: Pick<ResourceOptions, 'serverSideApply' | 'validate'>): { clientSide?: ClientSide } =>
  serverSideApply ? {} : { clientSide: { validate } };

/**
 * Undefined: nothing is said. Then it is server-side (design §6), unlike Argo CD's, but for what must not be validated:
 * server-side apply takes no field that the schema lacks.
 */
const isServerSide = (...said: (readonly string[])[]): boolean | undefined => {
  for (const words of said) {
    if (words.includes('ServerSideApply=true')) return true;
    if (words.includes('ServerSideApply=false')) return false;
  }
  return undefined;
};

/** Helm's way to say that an object outlives its release. */
export const isKeptByHelm = (object: Pick<KubernetesObject, 'kind' | 'metadata'>): boolean =>
  hasAnnotationOption(object, 'helm.sh/resource-policy', 'keep');

const choice = (
  option: 'Prune' | 'Delete',
  own: readonly string[],
  application: readonly string[],
): 'yes' | 'no' | 'confirm' => {
  for (const words of [own, application]) {
    if (words.includes(`${option}=false`)) return 'no';
    if (words.includes(`${option}=confirm`)) return 'confirm';
    if (words.includes(`${option}=true`)) return 'yes';
  }
  return 'yes';
};

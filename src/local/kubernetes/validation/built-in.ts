import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { StatusCause } from '../api-status.ts';
import { at, equal, isRecord, listOf, recordOf, textOf } from '../json.ts';
import { selects } from '../selectors.ts';
import { invalidValue, requiredValue } from './names.ts';

/** Says what is wrong with an object; `before` is the live one on an update. */
type Check = (object: KubernetesObject, before?: KubernetesObject) => StatusCause[];

const containerCauses = (container: unknown, path: string): StatusCause[] => {
  const { name, image } = recordOf(container);
  return [
    ...(textOf(name) ? [] : [requiredValue(`${path}.name`)]),
    ...(textOf(image) ? [] : [requiredValue(`${path}.image`)]),
  ];
};

const duplicateCauses = (items: unknown[], key: string, path: string): StatusCause[] => {
  const seen = new Set<unknown>();
  return items.flatMap((item, index) => {
    const value = recordOf(item)[key];
    if (value === undefined || !seen.has(value)) {
      seen.add(value);
      return [];
    }
    const message = `Duplicate value: ${JSON.stringify(value)}`;
    return [{ reason: 'FieldValueDuplicate', message, field: `${path}[${index}].${key}` }];
  });
};

const mountCauses = (spec: Record<string, unknown>, path: string, claims: readonly unknown[]): StatusCause[] => {
  const volumes = new Set([...listOf(spec.volumes).map((volume) => recordOf(volume).name), ...claims]);
  return listOf(spec.containers).flatMap((container, index) =>
    listOf(recordOf(container).volumeMounts).flatMap((mount, number) => {
      const name = textOf(recordOf(mount).name);
      if (volumes.has(name)) return [];
      const field = `${path}.containers[${index}].volumeMounts[${number}].name`;
      return [{ reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(name)}`, field }];
    }),
  );
};

const podSpecCauses = (value: unknown, path: string, claims: readonly unknown[] = []): StatusCause[] => {
  const spec = recordOf(value);
  const containers = listOf(spec.containers);
  if (containers.length === 0) return [requiredValue(`${path}.containers`)];
  return [
    ...containers.flatMap((container, index) => containerCauses(container, `${path}.containers[${index}]`)),
    ...duplicateCauses(containers, 'name', `${path}.containers`),
    ...listOf(spec.initContainers).flatMap((container, index) =>
      containerCauses(container, `${path}.initContainers[${index}]`),
    ),
    ...mountCauses(spec, path, claims),
  ];
};

const selectorCauses: Check = (object) => {
  const selector = at(object, 'spec.selector');
  const labels = at(object, 'spec.template.metadata.labels');
  const missing = isRecord(selector) ? [] : [requiredValue('spec.selector')];
  const empty = isRecord(selector) && Object.keys(selector).length === 0;
  const fits = isRecord(selector) && !empty && selects(selector, recordOf(labels));
  const why = '`selector` does not match template `labels`';
  return [
    ...missing,
    ...(empty ? [invalidValue('spec.selector', selector, 'empty selector is invalid for deployment')] : []),
    ...(fits ? [] : [invalidValue('spec.template.metadata.labels', labels, why)]),
  ];
};

const immutable = (path: string, why = 'field is immutable'): Check => {
  return (object, before) => {
    const value = at(object, path);
    return before && !equal(at(before, path), value) ? [invalidValue(path, value, why)] : [];
  };
};

const always =
  (policies: readonly string[]): Check =>
  (object) => {
    const policy = at(object, 'spec.template.spec.restartPolicy');
    if (policy === undefined || policies.includes(textOf(policy))) return [];
    const shown = policies.map((one) => JSON.stringify(one)).join(', ');
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: ${shown}`;
    return [{ reason: 'FieldValueNotSupported', message, field: 'spec.template.spec.restartPolicy' }];
  };

/** A StatefulSet's claim templates are volumes of its pods too. */
const template: Check = (object) => {
  const claims = listOf(at(object, 'spec.volumeClaimTemplates')).map((claim) => at(claim, 'metadata.name'));
  return podSpecCauses(at(object, 'spec.template.spec'), 'spec.template.spec', claims);
};

const notNegative =
  (path: string): Check =>
  (object) => {
    const value = at(object, path);
    return typeof value === 'number' && value < 0
      ? [invalidValue(path, value, 'must be greater than or equal to 0')]
      : [];
  };

const changeable: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: [
    'replicas',
    'ordinals',
    'template',
    'updateStrategy',
    'revisionHistoryLimit',
    'persistentVolumeClaimRetentionPolicy',
    'minReadySeconds',
  ],
};

const statefulSetUpdate: Check = (object, before) => {
  if (!before) return [];
  const rest = ({ spec }: KubernetesObject) =>
    Object.fromEntries(Object.entries(recordOf(spec)).filter(([name]) => !changeable.StatefulSet?.includes(name)));
  if (equal(rest(object), rest(before))) return [];
  const message =
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [{ reason: 'FieldValueForbidden', message, field: 'spec' }];
};

const clusterIP: Check = (object, before) => {
  const was = at(before, 'spec.clusterIP');
  const is = at(object, 'spec.clusterIP');
  if (!textOf(was) || at(object, 'spec.type') === 'ExternalName' || was === is) return [];
  return [invalidValue('spec.clusterIPs[0]', listOf(at(object, 'spec.clusterIPs')), 'may not change once set')];
};

const servicePorts: Check = (object) => {
  const spec = recordOf(object.spec);
  const ports = listOf(spec.ports);
  if (ports.length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== 'None')
    return [requiredValue('spec.ports')];
  return ports.flatMap((port, index) => {
    const { port: number, name } = recordOf(port);
    const path = `spec.ports[${index}]`;
    const isPort = typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 65_536;
    return [
      ...(isPort ? [] : [invalidValue(`${path}.port`, number ?? 0, 'must be between 1 and 65535, inclusive')]),
      ...(ports.length > 1 && !textOf(name) ? [requiredValue(`${path}.name`)] : []),
    ];
  });
};

const claimSpec: Check = (object, before) => {
  if (!before)
    return listOf(at(object, 'spec.accessModes')).length > 0
      ? []
      : [requiredValue('spec.accessModes', 'at least 1 access mode is required')];
  const rest = ({ spec }: KubernetesObject) => ({
    ...recordOf(spec),
    resources: undefined,
    volumeName: undefined,
    volumeAttributesClassName: undefined,
  });
  if (equal(rest(object), rest(before))) return [];
  const message =
    'Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  return [{ reason: 'FieldValueForbidden', message, field: 'spec' }];
};

const podUpdate: Check = (object, before) => {
  if (!before) return [];
  const rest = ({ spec }: KubernetesObject) => ({
    ...recordOf(spec),
    nodeName: undefined,
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    containers: listOf(recordOf(spec).containers).map((container) => ({ ...recordOf(container), image: undefined })),
    initContainers: listOf(recordOf(spec).initContainers).map((one) => ({ ...recordOf(one), image: undefined })),
  });
  if (equal(rest(object), rest(before))) return [];
  const message =
    'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [{ reason: 'FieldValueForbidden', message, field: 'spec' }];
};

/** `immutable: true` of a ConfigMap or Secret. */
const sealed: Check = (object, before) => {
  if (before?.immutable !== true) return [];
  const changed = ['data', 'binaryData', 'immutable'].filter((field) => !equal(object[field], before[field]));
  return changed.map((field) => ({
    reason: 'FieldValueForbidden',
    message: 'Forbidden: field is immutable when `immutable` is set',
    field,
  }));
};

const secretKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

/** What each type of Secret must hold. */
const secretData: Check = (object) =>
  (secretKeys[textOf(object.type)] ?? [])
    .filter((key) => recordOf(object.data)[key] === undefined)
    .map((key) => requiredValue(`data[${key}]`));

const checks: Readonly<Record<string, Check[]>> = {
  'apps/Deployment': [
    notNegative('spec.replicas'),
    selectorCauses,
    template,
    always(['Always']),
    immutable('spec.selector'),
  ],
  'apps/ReplicaSet': [
    notNegative('spec.replicas'),
    selectorCauses,
    template,
    always(['Always']),
    immutable('spec.selector'),
  ],
  'apps/DaemonSet': [selectorCauses, template, always(['Always']), immutable('spec.selector')],
  'apps/StatefulSet': [notNegative('spec.replicas'), selectorCauses, template, always(['Always']), statefulSetUpdate],
  'batch/Job': [
    template,
    always(['OnFailure', 'Never']),
    immutable('spec.selector'),
    immutable('spec.template'),
    immutable('spec.completions'),
  ],
  '/Pod': [(object) => podSpecCauses(object.spec, 'spec'), podUpdate],
  '/Service': [servicePorts, clusterIP],
  '/PersistentVolumeClaim': [claimSpec],
  '/ConfigMap': [sealed],
  '/Secret': [secretData, sealed, immutable('type')],
  'rbac.authorization.k8s.io/RoleBinding': [immutable('roleRef', 'cannot change roleRef')],
  'rbac.authorization.k8s.io/ClusterRoleBinding': [immutable('roleRef', 'cannot change roleRef')],
  'storage.k8s.io/StorageClass': [immutable('provisioner'), immutable('parameters')],
};

/** What the API server would say is wrong with a built-in object, for the mistakes that people make. Empty: nothing. */
export const builtInCauses = (group: string, object: KubernetesObject, before?: KubernetesObject): StatusCause[] =>
  (checks[`${group}/${object.kind}`] ?? []).flatMap((check) => check(object, before));

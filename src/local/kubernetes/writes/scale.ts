import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { badRequest, unknownResource } from '../api-status.ts';
import { at, isRecord, recordOf, textOf } from '../json.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import type { ResourceType } from '../resource-types.ts';
import type { Target, WriteDeps, WriteOptions } from './deps.ts';
import { patch, requireLive } from './write.ts';

interface Paths {
  spec: string;
  status: string;
  selector: string;
}

const pathsOf = ({ custom, subresources }: ResourceType): Paths => {
  const plain = (path: string): string => path.replace(/^\./, '');
  if (custom?.scale) {
    const { spec, status, selector = '' } = custom.scale;
    return { spec: plain(spec), status: plain(status), selector: plain(selector) };
  }
  if (!subresources.includes('scale')) throw unknownResource();
  return { spec: 'spec.replicas', status: 'status.replicas', selector: 'spec.selector.matchLabels' };
};

const selectorText = (value: unknown): string => {
  if (!isRecord(value)) return textOf(value);
  return Object.entries(value)
    .map(([key, one]) => `${key}=${String(one)}`)
    .join(',');
};

/** An object's `Scale`. */
export const scaleOf = (type: ResourceType, object: KubernetesObject): KubernetesObject => {
  const paths = pathsOf(type);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector ? selectorText(at(object, paths.selector)) : '';
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, paths.spec) ?? 0 },
    status: { replicas: at(object, paths.status) ?? 0, ...(selector ? { selector } : {}) },
  };
};

const patchAt = (path: string, value: unknown): unknown =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);

/** Writes `spec.replicas` of a Scale (PUT), or what a patch makes of it. Answers with the new Scale. Errors: ApiStatus. */
export const writeScale = (
  deps: WriteDeps,
  target: Target,
  kind: 'put' | 'json' | 'merge',
  body: unknown,
  options: WriteOptions,
): KubernetesObject => {
  const { spec } = pathsOf(target.type);
  const live = requireLive(deps, target);
  const scale = scaleOf(target.type, live);
  const next =
    kind === 'put'
      ? body
      : kind === 'json'
        ? jsonPatch(scale, Array.isArray(body) ? body : [])
        : mergePatch(scale, body);
  const replicas = at(next, 'spec.replicas') ?? 0;
  if (typeof replicas !== 'number' || replicas < 0)
    throw badRequest('spec.replicas of a Scale is a number of at least 0');
  const given = textOf(recordOf(recordOf(next).metadata).resourceVersion);
  const version = given ? { metadata: { resourceVersion: given } } : {};
  const change = { ...recordOf(patchAt(spec, replicas)), ...version };
  const { object } = patch(deps, { ...target, subresource: 'scale' }, 'merge', change, options);
  return scaleOf(target.type, object);
};

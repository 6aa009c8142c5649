import * as v from 'valibot';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { ApiResource } from '../../ports/cluster.ts';
import { parseBody, parseJson } from './status.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isObject = (value: unknown): value is KubernetesObject =>
  isRecord(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string' && isRecord(value.metadata);

const objectSchema = v.custom<KubernetesObject>(isObject);

const listSchema = v.object({
  metadata: v.optional(v.object({ continue: v.optional(v.string()) }), {}),
  items: v.nullable(v.array(v.custom<{ metadata: KubernetesObject['metadata'] }>(isRecord))),
});

/** The object in a 2xx answer's body. */
export const parseObject = (body: string, cluster: string): KubernetesObject =>
  parseBody(objectSchema, parseJson(body), cluster);

/** One page of a list. Items of built-in types come without apiVersion and kind: they are filled in. */
export const parsePage = (
  body: string,
  { group, version, kind }: Pick<ApiResource, 'group' | 'version' | 'kind'>,
  cluster: string,
): { objects: KubernetesObject[]; next: string | undefined } => {
  const page = parseBody(listSchema, parseJson(body), cluster);
  const apiVersion = group ? `${group}/${version}` : version;
  const objects = (page.items ?? []).map((item) => ({ apiVersion, kind, ...item }));
  return { objects, next: page.metadata.continue || undefined };
};

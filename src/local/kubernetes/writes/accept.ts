import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { ApiStatus, badRequest } from '../api-status.ts';
import { pruneUnknown } from '../defaults/by-schema.ts';
import { typedErrors } from '../fields/typed-errors.ts';
import type { Json } from '../json.ts';
import { isRecord, recordOf, textOf } from '../json.ts';
import { apiVersionOf } from '../resource-types.ts';
import type { Target, WriteOptions } from './deps.ts';

const checkPlace = (metadata: Json, { type, namespace, name }: Target): void => {
  const given = textOf(metadata.namespace);
  if (type.namespaced && given && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const named = textOf(metadata.name);
  if (name && named && named !== name) {
    throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
  }
};

/** The body as an object at its target's place. Errors: ApiStatus 400. */
export const placed = (body: unknown, target: Target): KubernetesObject => {
  const { type, namespace, name } = target;
  if (!isRecord(body)) throw badRequest(`the object provided is unrecognized (must be of type ${type.kind})`);
  const apiVersion = apiVersionOf(type);
  const kind = body.kind ?? type.kind;
  if (kind !== type.kind || (body.apiVersion ?? apiVersion) !== apiVersion) {
    const given = `${textOf(body.apiVersion) || apiVersion}, Kind=${textOf(kind)}`;
    throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: it is ${given}`);
  }
  const metadata = recordOf(body.metadata);
  checkPlace(metadata, target);
  const place = {
    ...(name ? { name } : {}),
    ...(type.namespaced ? { namespace } : {}),
  };
  const { namespace: _namespace, ...rest } = metadata;
  return { ...body, apiVersion, kind: type.kind, metadata: { ...rest, ...place } };
};

const byteFields: Readonly<Record<string, string>> = { '/Secret': 'data', '/ConfigMap': 'binaryData' };

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Errors: ApiStatus 400 for bytes of a Secret or ConfigMap that are not base64. */
export const checkBytes = (object: KubernetesObject, { type }: Target): void => {
  const field = type.custom ? undefined : byteFields[`${type.group}/${type.kind}`];
  if (field === undefined) return;
  for (const value of Object.values(recordOf(object[field]))) {
    const text = textOf(value).replaceAll(/[\r\n]/g, '');
    if (value === null || base64.test(text)) continue;
    const byte = /^[A-Za-z0-9+/]*/.exec(text)?.[0].length ?? 0;
    const handled = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
    throw badRequest(`${handled}: illegal base64 data at input byte ${byte}`);
  }
};

/**
 * Drops what the type does not declare, as the request's `fieldValidation` wants it: silently, with warnings, or with an
 * error. Changes `object` in place. Errors: ApiStatus 400, also for values of the wrong type.
 */
export const fitToType = (object: KubernetesObject, { type }: Target, options: WriteOptions): void => {
  const wrong = typedErrors(object, type.schema).find(({ message }) => message.startsWith('expected '));
  const handled = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
  if (wrong) throw badRequest(`${handled}: ${wrong.path.slice(1)}: ${wrong.message}`);
  checkBytes(object, { type, namespace: '', name: '' });
  const unknown = pruneUnknown(object, type.schema);
  if (unknown.length === 0 || options.fieldValidation === 'Ignore') return;
  const said = unknown.map((path) => `unknown field "${path}"`);
  if (options.fieldValidation === 'Strict') throw badRequest(`${handled}: strict decoding error: ${said.join(', ')}`);
  for (const text of said) options.warn(text);
};

/** Server-side apply reports what it cannot type as a 500 without a reason; so does this. */
export const fitToApply = (object: KubernetesObject, { type }: Target): void => {
  const errors = typedErrors(object, type.schema);
  if (errors.length === 0) return;
  const { name = '', namespace = '' } = object.metadata;
  const said = errors.map(({ path, message }) => `${path}: ${message}`);
  const all = said.length === 1 ? said[0] : `errors:\n${said.map((line) => `  ${line}`).join('\n')}`;
  const which = `(${namespace}/${name}; ${apiVersionOf(type)}, Kind=${type.kind})`;
  throw new ApiStatus(500, undefined, `failed to create typed patch object ${which}: ${all}`);
};

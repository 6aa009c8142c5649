import type { Json } from './json.ts';

/** One reason among several why a request failed, as in `Status.details.causes`. */
export interface StatusCause {
  reason: string;
  message: string;
  field: string;
}

/** Group and plural name of a resource, as messages name it. */
export interface NamedResource {
  group: string;
  resource: string;
}

/** A failed request: the API server's `Status` object. */
export class ApiStatus extends Error {
  override readonly name = 'ApiStatus';
  readonly status: Json;
  readonly code: number;

  constructor(code: number, reason: string | undefined, message: string, details?: Json) {
    super(message);
    this.code = code;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

const qualified = ({ group, resource }: NamedResource): string => (group ? `${resource}.${group}` : resource);

const detailsOf = ({ group, resource }: NamedResource, name: string): Json => ({
  ...(name ? { name } : {}),
  ...(group ? { group } : {}),
  kind: resource,
});

/** 404 for an object. */
export const notFound = (type: NamedResource, name: string): ApiStatus =>
  new ApiStatus(404, 'NotFound', `${qualified(type)} "${name}" not found`, detailsOf(type, name));

/** 404 for a type that is not served. */
export const unknownResource = (): ApiStatus =>
  new ApiStatus(404, 'NotFound', 'the server could not find the requested resource', {});

/** 409: POST of what is there. */
export const alreadyExists = (type: NamedResource, name: string): ApiStatus =>
  new ApiStatus(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, detailsOf(type, name));

/** 409: the object is not the one that the request was made for. */
export const outdated = (type: NamedResource, name: string, why: string): ApiStatus => {
  const message = `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`;
  return new ApiStatus(409, 'Conflict', message, detailsOf(type, name));
};

/** 409 for a resourceVersion that is no longer the object's. */
export const modified = (type: NamedResource, name: string): ApiStatus =>
  outdated(type, name, 'the object has been modified; please apply your changes to the latest version and try again');

/** 400. */
export const badRequest = (message: string): ApiStatus => new ApiStatus(400, 'BadRequest', message);

/** 403. */
export const forbidden = (type: NamedResource, name: string, why: string, causes: StatusCause[] = []): ApiStatus =>
  new ApiStatus(403, 'Forbidden', `${qualified(type)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(type, name),
    ...(causes.length > 0 ? { causes } : {}),
  });

/** 422 with one cause per field; `kind` is the object's kind. */
export const invalid = (group: string, kind: string, name: string, causes: StatusCause[]): ApiStatus => {
  const said = causes.map(({ field, message }) => `${field}: ${message}`);
  const all = said.length === 1 ? said[0] : `[${said.join(', ')}]`;
  const message = `${group ? `${kind}.${group}` : kind} "${name}" is invalid: ${all}`;
  return new ApiStatus(422, 'Invalid', message, {
    ...(name ? { name } : {}),
    ...(group ? { group } : {}),
    kind,
    causes,
  });
};

/** 405. */
export const methodNotAllowed = (): ApiStatus =>
  new ApiStatus(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** 410: the history asked for is gone. */
export const expired = (message: string): ApiStatus => new ApiStatus(410, 'Expired', message);

/** 501: what an embedded cluster has not. */
export const notEmbedded = (what: string): ApiStatus =>
  new ApiStatus(
    501,
    'NotImplemented',
    `an embedded cluster of Towline has no ${what}: use a real cluster for that`,
    {},
  );

/** 415 with the media types that are read. */
export const unsupportedMediaType = (given: string, accepted: readonly string[]): ApiStatus => {
  const message = `the body of the request was in an unknown format (${given}) - accepted media types include: ${accepted.join(', ')}`;
  return new ApiStatus(415, 'UnsupportedMediaType', message, {});
};

/** 406 with the media types that are written. */
export const notAcceptable = (): ApiStatus =>
  new ApiStatus(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;stream=watch',
    {},
  );

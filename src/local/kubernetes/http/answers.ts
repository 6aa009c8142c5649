import type { ServerResponse } from 'node:http';
import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { ApiStatus, notAcceptable } from '../api-status.ts';
import { jsonOf } from '../storage/object-store.ts';

/** What an `Accept` header asks for. */
export type Wanted = 'json' | 'table' | 'metadata';

const accepts = (header: string): string[] => header.split(',').map((part) => part.trim().replaceAll(' ', ''));

/** The first representation of a header that is served. Errors: ApiStatus 406 (protobuf alone). */
export const wantedOf = (header: string | undefined): Wanted => {
  if (!header) return 'json';
  for (const part of accepts(header)) {
    const [type] = part.split(';');
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (part.includes('as=Table')) return 'table';
    if (part.includes('as=PartialObjectMetadata')) return 'metadata';
    if (!part.includes('as=')) return 'json';
  }
  throw notAcceptable();
};

/** The version of aggregated discovery that a header asks for first; undefined: the classic form. */
export const discoveryVersion = (header: string | undefined): 'v2' | 'v2beta1' | undefined => {
  for (const part of accepts(header ?? '')) {
    if (!part.startsWith('application/json')) continue;
    if (!part.includes('as=APIGroupDiscoveryList')) return undefined;
    if (part.includes('v=v2;') || part.endsWith('v=v2')) return 'v2';
    if (part.includes('v=v2beta1')) return 'v2beta1';
  }
  return undefined;
};

/** The object without spec and status, as `PartialObjectMetadata`. */
export const metadataOnly = ({ metadata }: KubernetesObject): KubernetesObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

/** Sends JSON text. */
export const sendText = (
  response: ServerResponse,
  code: number,
  text: string,
  headers: Record<string, string> = {},
) => {
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
    ...headers,
  });
  response.end(text);
};

/** Sends a value as JSON. */
export const sendJson = (response: ServerResponse, code: number, value: unknown): void =>
  sendText(response, code, JSON.stringify(value));

/** Sends one object (its text is kept with it). */
export const sendObject = (response: ServerResponse, code: number, object: KubernetesObject): void =>
  sendText(response, code, jsonOf(object));

/** Sends a failure as a Status; anything but an ApiStatus is an internal error. */
export const sendError = (response: ServerResponse, error: unknown): void => {
  const status =
    error instanceof ApiStatus
      ? error
      : new ApiStatus(500, 'InternalError', `Internal error occurred: ${String(error)}`, {
          causes: [{ message: String(error) }],
        });
  sendJson(response, status.code, status.status);
};

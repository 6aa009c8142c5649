import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { ApiStatus, badRequest, unsupportedMediaType } from '../api-status.ts';
import { readProtobuf } from './protobuf.ts';

/** Like etcd's limit on the API server, with room for what surrounds an object. */
const largest = 3 * 1024 * 1024;

/** Reads a request's body. Errors: ApiStatus 413. */
export const readBody = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= largest) chunks.push(chunk);
    });
    request.on('error', reject);
    request.on('end', () => {
      if (length <= largest) resolve(Buffer.concat(chunks));
      else reject(new ApiStatus(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${largest}`));
    });
  });

/** The media type of a `Content-Type` header, without parameters. */
export const mediaType = (header: string | undefined): string =>
  (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const parse = (text: string, read: (text: string) => unknown, what: string): unknown => {
  try {
    return read(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`the object provided is unrecognized: couldn't get version/kind; ${what} parse error: ${why}`);
  }
};

/** Like Kubernetes' YAML reader: 1.2 core schema, but merge keys and duplicates are not errors. */
const readYaml = (text: string): unknown => parseYaml(text, { merge: true, uniqueKeys: false });

/** An apply patch: JSON is YAML, and faster to read where it is JSON. */
export const parseYamlOrJson = (body: Buffer): unknown => {
  const text = body.toString('utf8');
  return text.trimStart().startsWith('{') ? parse(text, JSON.parse, 'json') : parse(text, readYaml, 'yaml');
};

const protobuf = 'application/vnd.kubernetes.protobuf';

/** An object's body: JSON, YAML or, of built-in kinds, protobuf. Errors: ApiStatus 400, 415. */
export const parseObjectBody = (body: Buffer, type: string): unknown => {
  if (type === protobuf) return readProtobuf(body);
  const text = body.toString('utf8');
  if (type === '' || type === 'application/json') return text === '' ? undefined : parse(text, JSON.parse, 'json');
  if (type === 'application/yaml') return parseYamlOrJson(body);
  throw unsupportedMediaType(type, ['application/json', 'application/yaml', protobuf]);
};

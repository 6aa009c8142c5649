import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { ApiStatus, badRequest, unsupportedMediaType } from '../api-status.ts';

/** Like etcd's limit on the API server, with room for what surrounds an object. */
const largest = 3 * 1024 * 1024;

/** Reads a request's body as text. Errors: ApiStatus 413. */
export const readBody = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= largest) chunks.push(chunk);
    });
    request.on('error', reject);
    request.on('end', () => {
      if (length <= largest) resolve(Buffer.concat(chunks).toString('utf8'));
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
export const parseYamlOrJson = (text: string): unknown =>
  text.trimStart().startsWith('{') ? parse(text, JSON.parse, 'json') : parse(text, readYaml, 'yaml');

/** An object's body. Errors: ApiStatus 400, 415 (protobuf: clients then send JSON). */
export const parseObjectBody = (text: string, type: string): unknown => {
  if (type === '' || type === 'application/json') return text === '' ? undefined : parse(text, JSON.parse, 'json');
  if (type === 'application/yaml') return parseYamlOrJson(text);
  throw unsupportedMediaType(type, ['application/json', 'application/yaml']);
};

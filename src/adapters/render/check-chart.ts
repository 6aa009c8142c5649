import { gunzipSync } from 'node:zlib';
import { bytesOf, type HelmRequest, type RenderError, type ToolBundle } from '../../domain/sources/bundle.ts';
import { outsideReference } from '../../domain/sources/chart-schema.ts';
import { readTar } from '../../domain/sources/tar.ts';

/** Bytes that one packed chart may unpack to, which is helm's own limit. */
const UNPACKED_BYTES = 104_857_600;
/** Packed charts within packed charts. */
const DEPTH_AT_MOST = 5;

/**
 * What helm must not be shown: a schema that refers to a URL or to a file of the machine, which helm would go and read, and
 * a packed chart that unpacks to too much. Undefined: nothing. With `skipSchemaValidation` helm looks at no schema.
 */
export const chartFault = (files: ToolBundle['files'], request: HelmRequest): RenderError | undefined => {
  for (const [path, file] of Object.entries(files)) {
    const fault = faultOf(path, () => bytesOf(file), request, 0);
    if (fault) return fault;
  }
  return undefined;
};

const faultOf = (
  path: string,
  bytes: () => Uint8Array,
  request: HelmRequest,
  depth: number,
): RenderError | undefined => {
  if (path.endsWith('.tgz')) return packedFault(path, bytes(), request, depth);
  if (request.skipSchemaValidation || !/(?:^|\/)values\.schema\.json$/.test(path)) return undefined;
  const reference = outsideReference(Buffer.from(bytes()).toString('utf8'));
  if (reference === undefined) return undefined;
  const remedy = 'write the definition into the schema, or set helm.skipSchemaValidation';
  return failed(path, `refers to ${reference}, and renders read nothing from elsewhere: ${remedy}`);
};

const packedFault = (
  path: string,
  packed: Uint8Array,
  request: HelmRequest,
  depth: number,
): RenderError | undefined => {
  if (depth > DEPTH_AT_MOST) return failed(path, `charts are packed into each other more than ${DEPTH_AT_MOST} times`);
  let unpacked: Uint8Array;
  try {
    unpacked = gunzipSync(packed, { maxOutputLength: UNPACKED_BYTES });
  } catch {
    return failed(path, `is no gzip archive, or unpacks to more than ${UNPACKED_BYTES} bytes`);
  }
  const read = readTar(unpacked);
  if ('reason' in read) return failed(path, `is no packed chart: ${read.reason}`);
  for (const { name, bytes } of read.files) {
    const fault = faultOf(`${path}/${name}`, () => bytes, request, depth + 1);
    if (fault) return { ...fault, file: path };
  }
  return undefined;
};

const failed = (file: string, reason: string): RenderError => ({
  code: 'render-failed',
  message: `${file} ${reason}`,
  file,
});

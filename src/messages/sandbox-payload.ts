import { gunzipSync, gzipSync } from 'node:zlib';
import * as v from 'valibot';
import { rejected } from '../domain/errors.ts';
import type { RenderResult, ToolBundle } from '../domain/sources/bundle.ts';

const BundleFileSchema = v.union([v.object({ text: v.string() }), v.object({ base64: v.string() })]);

const HelmSchema = v.object({
  tool: v.literal('helm'),
  path: v.string(),
  releaseName: v.string(),
  namespace: v.string(),
  kubeVersion: v.exactOptional(v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+$/))),
  apiVersions: v.array(v.string()),
  valueFiles: v.array(v.string()),
  values: v.exactOptional(v.string()),
  parameters: v.array(v.object({ name: v.string(), value: v.string(), forceString: v.boolean() })),
  fileParameters: v.array(v.object({ name: v.string(), path: v.string() })),
  skipCrds: v.boolean(),
  skipTests: v.boolean(),
  skipSchemaValidation: v.boolean(),
});

const KustomizeSchema = v.object({
  tool: v.literal('kustomize'),
  path: v.string(),
});

const BundleSchema = v.object({
  files: v.record(v.string(), BundleFileSchema),
  render: v.variant('tool', [HelmSchema, KustomizeSchema]),
});

/** What the sandbox function is invoked with, and answers with: JSON, packed where it is long. */
export type Packed = { json: unknown } | { gzip: string };

/** Bytes of JSON from which packing is worth its time. */
const PACK_BYTES = 524_288;

/** Bytes that an invocation may carry each way (Lambda's limit is 6 MB; what is longer needs presigned URLs). */
export const PAYLOAD_LIMIT_BYTES = 4_194_304;

/** A value in the shorter of both forms. */
export const packed = (value: unknown): Packed => {
  const json = JSON.stringify(value);
  return json.length < PACK_BYTES ? { json: value } : { gzip: gzipSync(json, { level: 1 }).toString('base64') };
};

/** Packs a value as an invocation's text. */
export const pack = (value: unknown): string => JSON.stringify(packed(value));

/** A render result as the function returns it; one that no answer can carry becomes `render-too-large`. */
export const packResult = (result: RenderResult): Packed => {
  const answer = packed(result);
  const bytes = 'gzip' in answer ? answer.gzip.length : 0;
  if (bytes <= PAYLOAD_LIMIT_BYTES) return answer;
  const message = `the manifests take ${bytes} bytes packed, ${PAYLOAD_LIMIT_BYTES} are allowed: split the application`;
  return { json: { ok: false, error: { code: 'render-too-large', message } } };
};

const PackedSchema = v.union([v.object({ gzip: v.string() }), v.object({ json: v.unknown() })]);

const UNPACKED_BYTES = 134_217_728;

/** Undoes `pack`. Errors: AppError `payload-invalid` (rejected). */
export const unpack = (payload: unknown): unknown => {
  const packed = v.safeParse(PackedSchema, payload);
  if (!packed.success) throw rejected('payload-invalid', 'the payload is neither json nor gzip');
  if (!('gzip' in packed.output)) return packed.output.json;
  return JSON.parse(
    gunzipSync(Buffer.from(packed.output.gzip, 'base64'), { maxOutputLength: UNPACKED_BYTES }).toString(),
  );
};

/** Reads an invocation's bundle. Errors: AppError `payload-invalid` (rejected) naming the field. */
export const parseBundle = (payload: unknown): ToolBundle => {
  const result = v.safeParse(BundleSchema, unpack(payload));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw rejected('payload-invalid', `bundle: ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
};

/** Whether an invocation's content is a set to expand, and no bundle to render. */
export const isExpandRequest = (content: unknown): boolean =>
  typeof content === 'object' && content !== null && 'expand' in content;

import { gunzipSync, gzipSync } from 'node:zlib';
import * as v from 'valibot';
import { rejected } from '../domain/errors.ts';
import type { ToolBundle } from '../domain/sources/bundle.ts';

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
  environment: v.exactOptional(v.record(v.string(), v.string())),
});

const BundleSchema = v.object({
  files: v.record(v.string(), BundleFileSchema),
  render: v.variant('tool', [HelmSchema, KustomizeSchema]),
});

/** What the sandbox function is invoked with, and answers with: JSON, packed where it is long. */
export type Packed = { json: unknown } | { gzip: string };

/** Bytes of JSON from which packing is worth its time. */
const PACK_BYTES = 524_288;

/** Packs a value for an invocation. */
export const pack = (value: unknown): string => {
  const json = JSON.stringify(value);
  if (json.length < PACK_BYTES) return `{"json":${json}}`;
  return JSON.stringify({ gzip: gzipSync(json, { level: 1 }).toString('base64') });
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

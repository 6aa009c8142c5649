import { permanent } from '../errors.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';

/** Everything one render may see: a closed set of files and the tool's options. No path leads out of `files`. */
export interface Bundle {
  /** Content by path relative to the bundle's root, which is the repository's root. */
  files: Record<string, BundleFile>;
  render: RenderRequest | DirectoryRequest;
}

/** A bundle that a tool has to render. */
export interface ToolBundle extends Bundle {
  render: RenderRequest;
}

export type BundleFile = { text: string } | { base64: string };

/** What to run. `path` is the source's directory. Argument lists are built in the sandbox, never taken from here. */
export type RenderRequest = HelmRequest | KustomizeRequest;

export interface HelmRequest {
  tool: 'helm';
  path: string;
  releaseName: string;
  namespace: string;
  kubeVersion?: string;
  apiVersions: string[];
  /** Paths in `files`, in the order they apply. */
  valueFiles: string[];
  /** Inline values (YAML), applied after the files. */
  values?: string;
  parameters: { name: string; value: string; forceString: boolean }[];
  fileParameters: { name: string; path: string }[];
  skipCrds: boolean;
  skipTests: boolean;
  skipSchemaValidation: boolean;
}

export interface KustomizeRequest {
  tool: 'kustomize';
  path: string;
}

/** Plain manifests: parsed where the bundle is read, no process runs. `manifests` are paths in reading order. */
export interface DirectoryRequest {
  tool: 'directory';
  path: string;
  manifests: string[];
}

export type RenderResult = RenderedObjects | { ok: false; error: RenderError };

export interface RenderedObjects {
  ok: true;
  objects: KubernetesObject[];
  /** The file that each object was made from, as far as the tool tells and where it was asked to (`chart/templates/a.yaml`). */
  origins?: (string | undefined)[];
}

/** A typed failure whose message is fit for a commit status: no absolute path, no environment value. */
export interface RenderError {
  code:
    | 'render-failed'
    | 'render-timeout'
    | 'render-too-large'
    | 'render-output-invalid'
    | 'manifest-invalid'
    | 'bundle-invalid'
    | 'bundle-too-large'
    | 'tool-missing';
  message: string;
  /** The file at fault, relative to the repository's root, where the tool names one. */
  file?: string;
  line?: number;
}

/** A file that a bundle must hold. `ref`: it comes from the source of that name, not from the source's own tree. */
export interface BundleInput {
  /** Path in the bundle. */
  path: string;
  digest: string;
  ref?: string;
}

/** What `makeBundle` and `renderKeyOf` need of an inspection. */
export interface Renderable {
  files: readonly BundleInput[];
  /** Files that Towline writes itself (an edited kustomization); they win over `files` of the same path. */
  generated: Readonly<Record<string, string>>;
  render: RenderRequest | DirectoryRequest;
}

/**
 * The closed set of files that one render sees. `contents` holds the bytes of every file's digest.
 * Errors: AppError `bundle-incomplete` (permanent) naming a file whose bytes are missing.
 */
export const makeBundle = (inspection: Renderable, contents: ReadonlyMap<string, Uint8Array>): Bundle => {
  const files: Record<string, BundleFile> = {};
  for (const { path, digest } of inspection.files) {
    if (path in inspection.generated) continue;
    const bytes = contents.get(digest);
    if (!bytes) throw permanent('bundle-incomplete', `${path} (${digest}) was not read: report this as a defect`);
    files[path] = encode(bytes);
  }
  for (const [path, text] of Object.entries(inspection.generated)) files[path] = { text };
  return { files, render: inspection.render };
};

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const encode = (bytes: Uint8Array): BundleFile => {
  try {
    return { text: strict.decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') };
  }
};

/** The bytes of a bundle's file. */
export const bytesOf = (file: BundleFile): Uint8Array =>
  'text' in file ? Buffer.from(file.text, 'utf8') : Buffer.from(file.base64, 'base64');

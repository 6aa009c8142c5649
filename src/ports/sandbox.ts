import type { KubernetesObject } from '../domain/kubernetes-object.ts';

/** Everything one render may see: a closed set of files and the tool's options. No path leads out of `files`. */
export interface Bundle {
  /** Text or base64 content by path relative to the repository's root. */
  files: Record<string, BundleFile>;
  render: RenderRequest;
}

export type BundleFile = { text: string } | { base64: string };

/** What to run. `path` is the source's directory. Argument lists are built in the sandbox, never taken from here. */
export type RenderRequest =
  | {
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
  | { tool: 'kustomize'; path: string };

export type RenderResult = { ok: true; objects: KubernetesObject[] } | { ok: false; error: RenderError };

/** A typed failure whose message is fit for a commit status: no absolute path, no environment value. */
export interface RenderError {
  code: 'render-failed' | 'render-timeout' | 'render-too-large' | 'render-output-invalid' | 'tool-missing';
  message: string;
  /** The file at fault, relative to the repository's root, where the tool names one. */
  file?: string;
  line?: number;
}

/** Runs helm or kustomize where nothing is to be had: no credential, no network. */
export interface Sandbox {
  render(bundle: Bundle): Promise<RenderResult>;
}

import type { RenderResult, ToolBundle } from '../domain/sources/bundle.ts';

export type { Bundle, RenderError, RenderRequest, RenderResult } from '../domain/sources/bundle.ts';

/**
 * Runs helm or kustomize where nothing is to be had: no credential, no network. A source that cannot be rendered is a
 * result, not an error. Errors: AppError `sandbox-unavailable` (transient).
 */
export interface Sandbox {
  render(bundle: ToolBundle): Promise<RenderResult>;
}

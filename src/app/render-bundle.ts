import type { Bundle, RenderResult, ToolBundle } from '../domain/sources/bundle.ts';
import { readManifests } from '../domain/sources/manifests.ts';
import type { Sandbox } from '../ports/sandbox.ts';

const isForTool = (bundle: Bundle): bundle is ToolBundle => bundle.render.tool !== 'directory';

/**
 * Renders one bundle into objects. Plain manifests are parsed right here: nothing of them is executed, so the way
 * through the sandbox would only cost time. Errors: the sandbox's AppError `sandbox-unavailable` (transient).
 */
export const renderBundle =
  ({ sandbox }: { sandbox: Sandbox }) =>
  async (bundle: Bundle): Promise<RenderResult> => {
    if (isForTool(bundle)) return sandbox.render(bundle);
    return bundle.render.tool === 'directory' ? readManifests(bundle.files, bundle.render) : unreachable();
  };

const unreachable = (): never => {
  throw new Error('a bundle is for a tool or for a directory');
};

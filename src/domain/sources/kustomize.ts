import type { KustomizeOptions } from '../fleet/application.ts';
import type { KustomizeRequest } from './bundle.ts';
import { isRemote, type Kustomization, readKustomization } from './kustomization.ts';
import { changesNothing, editKustomization } from './kustomize-edit.ts';
import { followKustomization } from './kustomize-files.ts';
import { expand, type SourceContext } from './source-context.ts';
import { joinPath, locate, note } from './trace.ts';

/** The request, and the kustomization as the Application's options change it (by path). */
export interface KustomizePlan {
  render: KustomizeRequest;
  generated: Record<string, string>;
}

/**
 * Finds everything that a Kustomize source reads. Undefined while texts have to be read first. Errors: those of
 * `readKustomization`, `editKustomization` and `followKustomization`.
 */
export const inspectKustomize = (context: SourceContext, directory: string): KustomizePlan | undefined => {
  const { trace } = context;
  const written = readKustomization(trace, directory, 'source.path');
  if (!written) return undefined;
  const options = substituted(context, written);
  const unchanged = changesNothing(options);
  const edited = unchanged ? written : { ...written, fields: editKustomization(written.fields, options) };
  const replaced = new Map<string, Record<string, unknown>>();
  followKustomization({ trace, seen: new Set([directory]), replaced }, edited);
  if (!unchanged && !replaced.has(written.file)) replaced.set(written.file, edited.fields);
  return {
    render: { tool: 'kustomize', path: directory },
    generated: Object.fromEntries(
      [...replaced].map(([file, fields]) => [file, `${JSON.stringify(fields, null, 2)}\n`]),
    ),
  };
};

/** The options with the build environment's variables in the fields in which Argo CD replaces them. */
const substituted = (context: SourceContext, kustomization: Kustomization): KustomizeOptions => {
  const options = context.source.kustomize ?? {};
  if (options.version) {
    const message = `kustomize.version ${options.version} is not looked at: there is one version of kustomize`;
    context.warnings.push({ code: 'version-ignored', message });
  }
  const inPairs = (pairs: Record<string, string>) =>
    Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, expand(context, String(value))]));
  const { images, commonLabels, commonAnnotations, components } = options;
  return {
    ...options,
    ...(images ? { images: images.map((image) => expand(context, String(image))) } : {}),
    ...(commonLabels ? { commonLabels: inPairs(commonLabels) } : {}),
    ...(commonAnnotations && options.commonAnnotationsEnvsubst
      ? { commonAnnotations: inPairs(commonAnnotations) }
      : {}),
    ...(components ? { components: presentComponents(context, kustomization, options) } : {}),
  };
};

/** With `ignoreMissingComponents` those that exist; without, a missing one is an error later on. */
const presentComponents = (
  { trace }: SourceContext,
  { directory }: Kustomization,
  { components = [], ignoreMissingComponents }: KustomizeOptions,
): string[] => {
  if (!ignoreMissingComponents) return components;
  return components.filter((component) => {
    if (isRemote(component)) return true;
    const path = joinPath(directory, component);
    if (path === undefined || locate(trace, path) !== 'absent') return true;
    note(trace, ['tree', path, null]);
    return false;
  });
};

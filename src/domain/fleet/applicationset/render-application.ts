import type { ApplicationSet, Params, Template } from './application-set.ts';
import { firstDocument } from './first-document.ts';
import { fillIn } from './merge-values.ts';
import { type Rendering, renderDeep, renderTexts, setError } from './render.ts';
import { strategicMerge } from './strategic-merge.ts';

const FINALIZER = 'resources-finalizer.argocd.argoproj.io';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const recordAt = (value: Record<string, unknown>, key: string): Record<string, unknown> => {
  const found = value[key];
  return isRecord(found) ? found : {};
};

type TemplateOptions = Pick<ApplicationSet, 'template' | 'templatePatch' | 'preserveResourcesOnDeletion'>;

/**
 * The Application (a manifest) that one set of params makes: the generator's template before the set's, rendered, then
 * `templatePatch`. Without finalizers of its own it gets the one that deletes its resources with it, unless the set
 * preserves them. A patch may not move it to another project. Errors: AppError `application-set-invalid`.
 */
export const renderApplication = (
  set: TemplateOptions,
  generatorTemplate: Template,
  params: Params,
  rendering: Rendering,
): Record<string, unknown> => {
  const template = fillIn(generatorTemplate, set.template);
  if (Object.keys(params).length === 0) return template;
  const rendered = renderDeep(template, params, rendering);
  const application = withFinalizer(isRecord(rendered) ? rendered : {}, set.preserveResourcesOnDeletion);
  return set.templatePatch ? patched(application, set.templatePatch, params, rendering) : application;
};

const withFinalizer = (application: Record<string, unknown>, preserve: boolean): Record<string, unknown> => {
  const metadata = recordAt(application, 'metadata');
  const own = metadata['finalizers'];
  if (preserve || (Array.isArray(own) && own.length > 0)) return application;
  return { ...application, metadata: { ...metadata, finalizers: [FINALIZER] } };
};

const patched = (
  application: Record<string, unknown>,
  patch: string,
  params: Params,
  rendering: Rendering,
): Record<string, unknown> => {
  const [text = ''] = renderTexts([patch], params, rendering);
  const merged = strategicMerge(application, readPatch(text));
  const { project } = recordAt(application, 'spec');
  const { project: _patched, ...spec } = recordAt(merged, 'spec');
  return { ...merged, spec: { ...spec, ...(project === undefined ? {} : { project }) } };
};

const readPatch = (text: string): Record<string, unknown> => {
  const read = firstDocument(text);
  if ('fault' in read) throw setError(`templatePatch is no YAML once it is rendered: ${read.fault}`);
  const { value } = read;
  if (value === null || value === undefined) return {};
  if (isRecord(value)) return value;
  throw setError('templatePatch has to be a mapping once it is rendered');
};

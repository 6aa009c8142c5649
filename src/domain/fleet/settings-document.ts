import type { Problem } from '../problem.ts';
import type { ArgoSettings } from '../settings/argo-settings.ts';
import { parseArgoSettings } from '../settings/argocd-cm.ts';
import { checkArgoSettings } from '../settings/check-argocd-cm.ts';
import { isFields } from '../sources/objects.ts';
import { problemAt } from '../validate-document.ts';
import type { YamlDocument } from '../yaml-document.ts';
import type { Origin } from './application.ts';
import { CONTROL_NAMESPACE } from './read-manifests.ts';

const NAME = 'argocd-cm';

/** Argo CD's settings as one of the fleet's files has them. */
export interface SettingsDocument {
  namespace: string;
  name: string;
  origin: Origin;
  settings: ArgoSettings;
}

/** Whether a document is Argo CD's ConfigMap `argocd-cm`. */
export const isSettingsDocument = (value: unknown): boolean =>
  isFields(value) && value.kind === 'ConfigMap' && isFields(value.metadata) && value.metadata.name === NAME;

/** The most that the settings may be: they stand in the fleet's row, which every sync reads. */
const MAX_CHARACTERS = 200_000;

/**
 * Reads an `argocd-cm`; without `settings` where anything in it is wrong, which `problems` names with its line;
 * what does nothing is warned about.
 */
export const readSettingsDocument = (
  document: YamlDocument,
  file: string,
  text: string,
): { settings?: SettingsDocument; problems: Problem[] } => {
  const problems = checkArgoSettings(document, file, text);
  if (problems.some(({ severity }) => severity === 'error') || !isFields(document.value)) return { problems };
  const { metadata, data } = document.value;
  const namespace = isFields(metadata) && typeof metadata.namespace === 'string' ? metadata.namespace : undefined;
  const texts = Object.entries(isFields(data) ? data : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const settings = parseArgoSettings(Object.fromEntries(texts));
  const size = JSON.stringify(settings).length;
  if (size > MAX_CHARACTERS) {
    const message = `its settings have ${size} characters; at most ${MAX_CHARACTERS} are served: shorten its Lua scripts`;
    const what = { severity: 'error' as const, code: 'settings-too-large', message };
    return { problems: [problemAt(document, file, ['data'], what)] };
  }
  const origin = { file, line: document.lineOf([]) };
  return { settings: { namespace: namespace ?? CONTROL_NAMESPACE, name: NAME, origin, settings }, problems };
};

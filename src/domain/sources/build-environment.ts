import type { ApplicationSource } from '../fleet/application.ts';
import { trackedName } from '../sync/tracking.ts';

/** What the build environment's variables are made of. `namespace` is the application's own, not its destination's. */
export interface BuildFacts {
  application: { name: string; namespace: string; project: string; destinationNamespace: string };
  source: Pick<ApplicationSource, 'repoURL' | 'path' | 'targetRevision'>;
  revision: string;
}

/**
 * Argo CD's build environment, by variable. `ARGOCD_APP_NAMESPACE` is the destination's namespace; `ARGOCD_APP_NAME` holds
 * the application's own where that is not the control plane's.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/build-environment/
 */
export const buildEnvironment = ({ application, source, revision }: BuildFacts): Record<string, string> => ({
  ARGOCD_APP_NAME: trackedName(application),
  ARGOCD_APP_NAMESPACE: application.destinationNamespace,
  ARGOCD_APP_PROJECT_NAME: application.project,
  ARGOCD_APP_REVISION: revision,
  ARGOCD_APP_REVISION_SHORT: revision.slice(0, 7),
  ARGOCD_APP_REVISION_SHORT_8: revision.slice(0, 8),
  ARGOCD_APP_SOURCE_REPO_URL: source.repoURL,
  ARGOCD_APP_SOURCE_PATH: source.path ?? '',
  ARGOCD_APP_SOURCE_TARGET_REVISION: source.targetRevision ?? '',
});

const VARIABLE = /\$(?:\{([^}]*)\}|\{|([*#$@!?\-0-9])|([A-Za-z_][A-Za-z0-9_]*))/g;

export interface Substitution {
  text: string;
  /** Variables that were named and exist. */
  used: string[];
}

/** Replaces `$NAME` and `${NAME}` as Argo CD does: `$$` is a dollar, an unknown variable is nothing. */
export const substitute = (text: string, environment: Readonly<Record<string, string>>): Substitution => {
  const used: string[] = [];
  const replaced = text.replace(VARIABLE, (_all, braced?: string, special?: string, plain?: string) => {
    const name = braced ?? special ?? plain ?? '';
    if (name === '$') return '$';
    if (!Object.hasOwn(environment, name)) return '';
    used.push(name);
    return environment[name] ?? '';
  });
  return { text: replaced, used };
};

/** Whether a variable's value changes with every commit. */
export const isRevisionVariable = (name: string): boolean => name.startsWith('ARGOCD_APP_REVISION');

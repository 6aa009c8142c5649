import type { ArgoSettings } from '../settings/argo-settings.ts';
import type { HealthOverrides, RunHealthScript } from './health.ts';

/** The users' health scripts of an `argocd-cm`, to be run by `run`; a kind without a script of its own is left out. */
export const healthOverrides = (
  settings: Pick<ArgoSettings, 'resourceOverrides'>,
  run: RunHealthScript,
): HealthOverrides => ({
  run,
  scripts: settings.resourceOverrides.flatMap(({ groupKind, health }) =>
    health?.lua ? [{ groupKind, lua: health.lua, openLibs: health.openLibs }] : [],
  ),
});

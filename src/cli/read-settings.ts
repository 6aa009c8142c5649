import { permanent } from '../domain/errors.ts';
import { isRecord } from '../domain/health/fields.ts';
import type { ArgoSettings } from '../domain/settings/argo-settings.ts';
import { parseArgoSettings } from '../domain/settings/argocd-cm.ts';
import { readObjects } from './read-objects.ts';

/**
 * What a file with Argo CD's argocd-cm says. Errors: AppError `file-invalid`, `settings-missing`, `settings-invalid`
 * (permanent), naming file and line.
 */
export const readSettings = (file: string, text: string): ArgoSettings => {
  const map = readObjects(file, text).find((object) => object.kind === 'ConfigMap');
  if (!map) throw permanent('settings-missing', `${file}:1: holds no ConfigMap`);
  const data = isRecord(map['data']) ? map['data'] : {};
  const texts = Object.entries(data).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []));
  return parseArgoSettings(Object.fromEntries(texts));
};

import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';

const unitMilliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const defaultMilliseconds = 50;

/** A Go duration (`1m30s`, `250ms`) in milliseconds; undefined where it is none. */
export const durationMilliseconds = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (unitMilliseconds[unit] ?? 0), 0);
};

/** `towline.dev/ready-after`: milliseconds until a workload is ready (or has failed). */
export const readyAfter = ({ metadata }: KubernetesObject): number =>
  durationMilliseconds(metadata.annotations?.['towline.dev/ready-after'] ?? '') ?? defaultMilliseconds;

/** `towline.dev/fail: "true"`: the workload never gets ready. */
export const shallFail = ({ metadata }: KubernetesObject): boolean =>
  metadata.annotations?.['towline.dev/fail'] === 'true';

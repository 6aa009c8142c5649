import { assessHealth, foldHealth } from '../../domain/health/health.ts';
import type { Health } from '../../domain/health/health-status.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { Target } from '../../domain/sync/sync-operation.ts';
import type { SyncDeps } from './deps.ts';

/** The application's health from its live objects. */
export const foldLive = (
  deps: Pick<SyncDeps, 'healthOverrides'>,
  targets: readonly Pick<Target, 'key' | 'ref'>[],
  live: ReadonlyMap<string, KubernetesObject | undefined>,
): Health =>
  foldHealth(
    targets.map(({ key, ref: { group, kind, namespace, name } }) => {
      const object = live.get(key);
      const health = object && assessHealth(object, deps.healthOverrides);
      const { annotations } = object?.metadata ?? {};
      return {
        group,
        kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        live: object !== undefined,
        ...(health ? { health } : {}),
        ...(annotations ? { annotations } : {}),
      };
    }),
  );

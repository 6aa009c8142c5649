import { type ClusterRow, newClusterRow } from '../../domain/cluster-row.ts';
import type { ClusterFacts } from '../../domain/sources/render-key.ts';
import type { FactsMessage } from '../../messages/facts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Send } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';

export interface ClusterFactsDeps {
  clusters: Store<ClusterRow>;
  askFacts: Send<FactsMessage>;
  /** Waits that many milliseconds. */
  pause: (milliseconds: number) => Promise<void>;
  clock: Clock;
}

/** What a cluster serves, as it was last read, or why nobody knows. */
export type KnownFacts = { facts: ClusterFacts } | { reason: string };

/** Looks up what is known of a cluster. */
export type FactsOf = (cluster: string) => Promise<KnownFacts>;

/** A cluster that answers does so within a second; a first plan waits for it, rather than fail and be repeated. */
const LOOKS = 20;
const LOOK_EVERY_MS = 250;

/**
 * The facts of clusters for one plan, each looked up once. Of a cluster that nobody has asked about they are asked for
 * (`sync` reads them) and waited for, 5 s at most and once; `mayAsk` false: only looked up.
 */
export const createFactsOf = (deps: ClusterFactsDeps, { mayAsk }: { mayAsk: boolean }): FactsOf => {
  const known = new Map<string, Promise<KnownFacts>>();
  const find = async (cluster: string): Promise<KnownFacts> => {
    const row = await deps.clusters.get(cluster);
    if (row || !mayAsk) return factsIn(row);
    await deps.clusters.save(newClusterRow(cluster, deps.clock()));
    await deps.askFacts([{ version: 1, cluster }]);
    for (let look = 0; look < LOOKS; look += 1) {
      await deps.pause(LOOK_EVERY_MS);
      const asked = await deps.clusters.get(cluster);
      if (asked?.facts || asked?.failure) return factsIn(asked);
    }
    return NOT_YET;
  };
  return (cluster) => {
    const found = known.get(cluster) ?? find(cluster);
    known.set(cluster, found);
    return found;
  };
};

const NOT_YET: KnownFacts = { reason: 'it has not answered yet' };

const factsIn = (row: ClusterRow | undefined): KnownFacts => {
  if (row?.facts) return { facts: row.facts };
  return row?.failure ? { reason: row.failure.message } : NOT_YET;
};

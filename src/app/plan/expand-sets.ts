import { applicationId } from '../../domain/fleet/application.ts';
import type { ApplicationSet } from '../../domain/fleet/applicationset/application-set.ts';
import { expandApplicationSet } from '../../domain/fleet/applicationset/expand.ts';
import { type GeneratorCluster, NO_INPUTS } from '../../domain/fleet/applicationset/generator-inputs.ts';
import {
  type GeneratorWorld,
  isStillSeen,
  lookAt,
  type SeenRead,
} from '../../domain/fleet/applicationset/generator-reads.ts';
import { keepsByJq } from '../../domain/fleet/applicationset/kept-by-jq.ts';
import { documentDigest, manifestsBefore, type SetExpansion } from '../../domain/fleet/compile-sets.ts';
import type { ExpandedSet, FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import type { SetExpander } from '../../ports/set-expander.ts';
import { answerFromTrees } from '../answer-from-trees.ts';
import { eachOf } from '../each-of.ts';
import { expandSet } from '../expand-set.ts';
import type { GeneratorAnswers } from './generator-answers.ts';
import type { GeneratorTrees } from './generator-trees.ts';

interface ExpandInput {
  sets: readonly ApplicationSet[];
  previous?: FleetSnapshot;
  clusters: GeneratorCluster[];
  trees: GeneratorTrees;
  answers: GeneratorAnswers;
}

/** What the sets come to, and what they were made from. */
export interface ExpandedSets {
  expansions: Map<string, SetExpansion>;
  seen: Map<string, SeenRead[]>;
  /** Ids of sets that are as they were written, and whose generators read something else. */
  moved: Set<string>;
  /** Some set has to be looked at again soon: what it reads could not be read for a reason that may pass. */
  unread: boolean;
}

const EXPANSIONS_IN_FLIGHT = 2;

/**
 * Expands the sets that are written otherwise than in the snapshot before, or whose generators would see something else;
 * the others come to the same. Go templates and jq run in the sandbox alone; the other templates only replace words.
 */
export const expandSets = async (
  { expander }: { expander: SetExpander },
  { sets, previous, clusters, trees, answers }: ExpandInput,
): Promise<ExpandedSets> => {
  const result: ExpandedSets = { expansions: new Map(), seen: new Map(), moved: new Set(), unread: false };
  const answer = answerFromTrees({
    treeAt: (at) => trees.read(at),
    others: (need) => answers.read(need),
  });
  const before = Object.values(previous?.expanded ?? {}).flatMap(({ reads }) => reads.map(({ read }) => read));
  await Promise.all([trees.readAll(before), answers.readAll(before)]);
  const world = (): GeneratorWorld => ({ ...trees.world(clusters), ...answers.world() });
  await eachOf(sets, EXPANSIONS_IN_FLIGHT, async (set) => {
    const id = applicationId(set);
    const before = previous?.expanded?.[id];
    const isSame = before?.document === documentDigest(set);
    if (before && isSame && isStillExpanded(before, world())) {
      result.expansions.set(id, { unchanged: before });
      return;
    }
    if (isSame) result.moved.add(id);
    const kept = keepsByJq(set) ? manifestsBefore(set, previous) : undefined;
    const expand: SetExpander['expand'] =
      set.goTemplate || kept ? (one, inputs) => expander.expand(one, inputs, kept) : expandHere;
    const { expanded } = await expandSet(set, { ...NO_INPUTS, clusters }, { expand, answer });
    result.expansions.set(id, expanded);
    const { reads } = expanded;
    const unread = reads === undefined || trees.isUnread(reads);
    if (unread) result.unread = true;
    else
      result.seen.set(
        id,
        reads.map((read) => lookAt(read, world())),
      );
  });
  return result;
};

/** Whether a set that is written as it was would come to what it came to. */
export const isStillExpanded = ({ reads }: ExpandedSet, world: GeneratorWorld): boolean =>
  reads.every((read) => isStillSeen(read, world));

const expandHere: SetExpander['expand'] = (set, inputs) =>
  Promise.resolve(expandApplicationSet(set, inputs, () => [{ error: 'the set asks for no Go templates' }]));

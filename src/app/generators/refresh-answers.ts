import { answerId, isAnswerDue, standOf } from '../../domain/answer-row.ts';
import { concernsRepository } from '../../domain/fleet/applicationset/forge-request.ts';
import type { ProviderRead } from '../../domain/fleet/applicationset/generator-inputs.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { followedRefs } from '../../domain/followed-refs.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import type { ChangeMessage } from '../../messages/change.ts';
import type { Queues } from '../../ports/queues.ts';
import type { OpenRepository } from '../../ports/repository.ts';
import type { Store } from '../../ports/store.ts';
import { eachOf } from '../each-of.ts';
import { loadFleet, type Snapshots } from '../load-fleet.ts';
import { isProviderRead } from '../plan/generator-answers.ts';
import { updateRow } from '../update-row.ts';
import { type AnswerDeps, askAndKeep, needOf } from './stored-answers.ts';

export interface RefreshAnswersDeps extends AnswerDeps {
  fleets: Store<FleetRow>;
  snapshots: Snapshots;
  openRepository: OpenRepository;
  queues: Pick<Queues, 'changes'>;
}

const ASKED_AT_ONCE = 4;

/**
 * Asks forges and plugins again what the fleet's generators have asked them: what is due by its interval, or, of
 * `url`, a registered repository's, everything that reads its pull requests. Where an answer is another than the fleet was planned with, the
 * fleet's own ref is planned again, which evaluates those sets alone. Who does not answer is asked less and less often.
 */
export const refreshAnswers =
  (deps: RefreshAnswersDeps) =>
  async ({ url }: { url?: string } = {}): Promise<{ asked: number; moved: boolean }> => {
    const fleet = await loadFleet(deps);
    const repository = fleet.file.repositories.find((one) => url !== undefined && sameRepository(one.url, url));
    if (url !== undefined && !repository) return { asked: 0, moved: false };
    const reads = readsOf(await deps.snapshots.load(fleet.snapshot));
    if (reads.length === 0) return { asked: 0, moved: false };
    const rows = new Map((await deps.answers.getMany(reads.map(answerId))).map((row) => [row.id, row]));
    const now = deps.clock();
    const wanted = reads.filter((read) =>
      repository
        ? concernsRepository(needOf(read), repository, fleet.file)
        : isAnswerDue(rows.get(answerId(read)), read, now),
    );
    await eachOf(wanted, ASKED_AT_ONCE, async (read) => {
      const found = await askAndKeep(deps, needOf(read), fleet.file);
      if ('row' in found) rows.set(found.row.id, found.row);
    });
    const moved = [...rows.values()].filter((row) => standOf(row) !== (row.told ?? ''));
    if (moved.length === 0) return { asked: wanted.length, moved: false };
    await deps.queues.changes(await planAgain(deps, fleet));
    // Told once it is sent: a crash before sends it again.
    for (const row of moved) {
      await updateRow(deps.answers, row.id, (known) => known && { ...known, told: standOf(row) });
    }
    return { asked: wanted.length, moved: true };
  };

/** Each question once, at the shortest of its intervals. */
const readsOf = (snapshot: FleetSnapshot | undefined): ProviderRead[] => {
  const all = Object.values(snapshot?.expanded ?? {}).flatMap(({ reads }) => reads.map(({ read }) => read));
  const byId = new Map<string, ProviderRead>();
  for (const read of all.filter(isProviderRead)) {
    const known = byId.get(answerId(read));
    const seconds = Math.min(read.requeueAfterSeconds ?? Infinity, known?.requeueAfterSeconds ?? Infinity);
    byId.set(answerId(read), Number.isFinite(seconds) ? { ...read, requeueAfterSeconds: seconds } : read);
  }
  return [...byId.values()];
};

/** A plan of each ref that the fleet is compiled from, though its head be the one that was planned. */
const planAgain = async (deps: RefreshAnswersDeps, { file }: FleetRow): Promise<ChangeMessage[]> => {
  const config = file.repositories.find(({ url }) => sameRepository(url, file.source.repoURL));
  if (!config) return [];
  const repository = deps.openRepository(config);
  const [defaultBranch, refs] = await Promise.all([repository.defaultBranch(), repository.listRefs()]);
  const followed = followedRefs([file.source], { url: config.url, refs: refs.keys(), defaultBranch });
  return followed
    .filter((ref) => refs.has(ref))
    .map((ref) => ({ version: 1, repository: config.url, ref, cause: 'poll', stale: true }));
};

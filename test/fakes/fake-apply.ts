import { lastAppliedOf, withLastApplied } from '../../src/domain/diff/last-applied.ts';
import { threeWayPatch } from '../../src/domain/diff/three-way-patch.ts';
import { permanent } from '../../src/domain/errors.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../../src/domain/kubernetes-object.ts';
import { refOf } from '../../src/domain/kubernetes-object.ts';
import type { ApplyOptions } from '../../src/ports/cluster.ts';
import type { State } from './fake-api-server.ts';
import { admit, createIn, keyIn, patchIn, store, timeOf } from './fake-api-server.ts';
import { leavesOf, pathsOf, setLeaf, withOwnership } from './fake-field-ownership.ts';

const conflictsOf = (live: KubernetesObject, wanted: ReadonlyMap<string, unknown>, manager: string) => {
  const current = leavesOf(live);
  return (live.metadata.managedFields ?? [])
    .filter((entry) => entry.manager !== manager || entry.operation !== 'Apply')
    .flatMap((entry) =>
      pathsOf(entry.fieldsV1)
        .filter((path) => wanted.has(path) && JSON.stringify(wanted.get(path)) !== JSON.stringify(current.get(path)))
        .map((field) => ({ manager: entry.manager ?? '', field })),
    );
};

/** Client-side apply without schemas: lists are replaced. */
const applyFromClient = (state: State, object: KubernetesObject, { fieldManager, dryRun }: ApplyOptions) => {
  const live = state.objects.get(keyIn(state, refOf(object)));
  const desired = withLastApplied(object);
  if (!live) return createIn(state, desired, fieldManager, dryRun);
  const patch = threeWayPatch({ applied: lastAppliedOf(live, fieldManager), desired, live });
  return patch ? patchIn(state, refOf(object), patch, fieldManager, dryRun) : structuredClone(live);
};

/** Server-side apply of one object, or client-side where that is asked for. */
export const applyTo = (state: State, object: KubernetesObject, options: ApplyOptions): KubernetesObject => {
  if (options.clientSide) return applyFromClient(state, object, options);
  admit(state, object);
  const { status: _status, ...sent } = structuredClone(object);
  const before = state.objects.get(keyIn(state, refOf(object)));
  const wanted = leavesOf(sent);
  const conflicts = before ? conflictsOf(before, wanted, options.fieldManager) : [];
  if (conflicts.length && !options.force) {
    const who = [...new Set(conflicts.map(({ manager }) => manager))].join(', ');
    throw permanent('apply-conflict', `${object.kind} ${object.metadata.name}: fields owned by ${who}`, {
      details: { conflicts },
    });
  }
  const next: KubernetesObject = before ? structuredClone(before) : { ...sent, metadata: { ...sent.metadata } };
  for (const path of removable(before, wanted, options.fieldManager)) setLeaf(next, path, undefined);
  for (const [path, value] of wanted) setLeaf(next, path, value);
  const owner = {
    manager: options.fieldManager,
    operation: 'Apply' as const,
    apiVersion: object.apiVersion,
    time: timeOf(state),
    paths: wanted.keys(),
  };
  const taken = new Set(conflicts.map(({ field }) => field));
  next.metadata.managedFields = keepTimes(before, withOwnership(before?.metadata.managedFields ?? [], owner, taken));
  return store(state, next, before, options.dryRun);
};

/** An entry whose fields did not change keeps its time, as on a real server (so that a no-op apply is one). */
const keepTimes = (before: KubernetesObject | undefined, entries: ManagedFieldsEntry[]) =>
  entries.map((entry) => {
    const old = before?.metadata.managedFields?.find(
      (other) =>
        other.manager === entry.manager &&
        other.operation === entry.operation &&
        JSON.stringify(other.fieldsV1) === JSON.stringify(entry.fieldsV1),
    );
    return old ?? entry;
  });

/** What this manager applied before, applies no more, and nobody else owns. */
const removable = (before: KubernetesObject | undefined, wanted: ReadonlyMap<string, unknown>, manager: string) => {
  const entries = before?.metadata.managedFields ?? [];
  const mine = entries.filter((entry) => entry.manager === manager && entry.operation === 'Apply');
  const others = new Set(entries.filter((entry) => !mine.includes(entry)).flatMap((entry) => pathsOf(entry.fieldsV1)));
  return mine.flatMap((entry) => pathsOf(entry.fieldsV1)).filter((path) => !wanted.has(path) && !others.has(path));
};

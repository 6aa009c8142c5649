import type { Problem } from '../problem.ts';
import { stableDigest } from '../stable-digest.ts';
import { validateDocument } from '../validate-document.ts';
import type { YamlDocument } from '../yaml-document.ts';
import { type Application, applicationId } from './application.ts';
import { type ApplicationManifest, ApplicationSchema } from './application-schema.ts';
import type { ApplicationSet } from './applicationset/application-set.ts';
import type { Expansion } from './applicationset/expand.ts';
import type { SeenRead } from './applicationset/generator-reads.ts';
import type { ManifestsBefore } from './applicationset/kept-by-jq.ts';
import { manifestOf, withKeptFields } from './applicationset/kept-fields.ts';
import { applySyncPolicy } from './applicationset/read-application-set.ts';
import { checkApplication } from './check-application.ts';
import { documentOf, EXPANSION, TEMPLATE_BASE } from './gather-documents.ts';
import { applicationOf } from './read-manifests.ts';
import type { ExpandedSet, FleetSnapshot } from './snapshot.ts';

export interface MadeBySets {
  applications: Application[];
  problems: Problem[];
}

/** What a set came to, or that it comes to the same as in the snapshot before. */
export type SetExpansion = Expansion | { unchanged: ExpandedSet };

/** Digest of a set as it is written, wherever it stands. */
export const documentDigest = ({ origin: _origin, ...set }: ApplicationSet): string => stableDigest(set);

/**
 * The Applications that sets make. A set without an expansion, or whose expansion failed, keeps those that it made before;
 * so does each single Application that comes out wrong. `expanded` are those that `seen` tells the reads of.
 */
export const compileSets = (
  sets: readonly ApplicationSet[],
  { expansions, seen }: { expansions: ReadonlyMap<string, SetExpansion>; seen: ReadonlyMap<string, SeenRead[]> },
  previous: FleetSnapshot | undefined,
): MadeBySets & { expanded: Record<string, ExpandedSet> } => {
  const known = Map.groupBy(previous?.applications ?? [], ({ applicationSet }) => applicationSet);
  const made = sets.map((set) => {
    const id = applicationId(set);
    const expansion = expansions.get(id);
    const result = compileSet(set, expansion, (known.get(id) ?? []).map(documentOf));
    return { id, ...result, record: recordOf(set, { expansion, reads: seen.get(id), problems: result.problems }) };
  });
  const left = leftBehind(sets, previous);
  return {
    applications: [...made.flatMap(({ applications }) => applications), ...left],
    problems: [...made.flatMap(({ problems }) => problems), ...distinctProblems(left.map(leftProblem))],
    expanded: Object.fromEntries(made.flatMap(({ id, record }) => (record ? [[id, record]] : []))),
  };
};

/** Applications of sets that are gone, whose policy lets nothing be deleted: they stay, as in Argo CD. */
const leftBehind = (sets: readonly ApplicationSet[], previous: FleetSnapshot | undefined): Application[] => {
  const here = new Set(sets.map(applicationId));
  const keeping = (previous?.applicationSets ?? []).filter(
    ({ applicationsSync }) => applicationsSync === 'create-only' || applicationsSync === 'create-update',
  );
  const kept = new Set(keeping.map(applicationId));
  return (previous?.applications ?? []).flatMap((one) => {
    const { applicationSet, outlivesSet } = one;
    if (applicationSet === undefined || here.has(applicationSet)) return [];
    return outlivesSet || kept.has(applicationSet) ? [{ ...documentOf(one), outlivesSet: true as const }] : [];
  });
};

const leftProblem = ({ applicationSet, origin }: Application): Problem => ({
  severity: 'warning',
  code: `${EXPANSION}gone`,
  ...origin,
  field: 'spec.syncPolicy.applicationsSync',
  message: `ApplicationSet ${applicationSet} is gone, and what it made stays, as its applicationsSync says: bring it back with sync to have it deleted, or write the Applications down`,
});

/** What a set's Applications were in a snapshot. */
export const manifestsBefore = (set: ApplicationSet, previous: FleetSnapshot | undefined): ManifestsBefore => {
  const id = applicationId(set);
  const own = (previous?.applications ?? []).filter(({ applicationSet }) => applicationSet === id);
  return Object.fromEntries(own.map((one) => [one.name, manifestOf(one)]));
};

interface Compiled {
  expansion: SetExpansion | undefined;
  reads: SeenRead[] | undefined;
  problems: Problem[];
}

const recordOf = (set: ApplicationSet, { expansion, reads, problems }: Compiled): ExpandedSet | undefined => {
  if (expansion && 'unchanged' in expansion) return expansion.unchanged;
  if (!expansion || !reads || 'needs' in expansion) return undefined;
  const found = 'error' in expansion ? { problems: [], error: expansion.error } : { problems };
  return { document: documentDigest(set), reads, ...found };
};

const compileSet = (
  set: ApplicationSet,
  expansion: SetExpansion | undefined,
  before: readonly Application[],
): MadeBySets => {
  const kept = before.map(({ outlivesSet: _alone, ...one }) => ({ ...one, origin: set.origin }));
  if (expansion && 'unchanged' in expansion) return unchangedSet(set, expansion.unchanged, kept);
  if (!expansion || 'needs' in expansion) {
    const message = `ApplicationSet ${applicationId(set)} was not expanded: what its generators read is not known`;
    return { applications: kept, problems: [setProblem(set, 'pending', message)] };
  }
  if ('error' in expansion) {
    const message = `ApplicationSet ${applicationId(set)}: ${expansion.error}`;
    return { applications: kept, problems: [setProblem(set, 'failed', message)] };
  }
  const twice = namesTwice(expansion.manifests);
  const single = expansion.manifests.filter((manifest) => !twice.includes(nameOf(manifest)));
  const results = single.map((manifest) => readMade(manifest, set, kept));
  const applications = results.flatMap(({ application }) => (application ? [application] : []));
  // Who repeats a name by mistake meant others too: nothing goes as long as it is not known which.
  const policy = twice.length > 0 ? WITHOUT_DELETION[set.applicationsSync] : set.applicationsSync;
  return {
    applications: applySyncPolicy(policy, kept, applications, applicationId),
    problems: distinctProblems([
      ...twice.map((name) => twiceProblem(set, name)),
      ...results.flatMap(({ problems }) => problems),
    ]),
  };
};

const WITHOUT_DELETION = {
  sync: 'create-update',
  'create-update': 'create-update',
  'create-delete': 'create-only',
  'create-only': 'create-only',
} as const;

/** Names that several Applications (manifests) of a set have: none of them counts, as in Argo CD. */
const namesTwice = (manifests: readonly Record<string, unknown>[]): string[] => {
  const names = Map.groupBy(manifests, nameOf);
  return [...names].flatMap(([name, { length }]) => (length > 1 && name !== NAMELESS ? [name] : []));
};

const twiceProblem = (set: ApplicationSet, name: string): Problem =>
  setProblem(
    set,
    'failed',
    `ApplicationSet ${applicationId(set)}: it contains applications with duplicate name: ${JSON.stringify(name)}`,
  );

/** What is wrong with the Applications (manifests) that a set made. */
export const problemsOfMade = (set: ApplicationSet, manifests: readonly Record<string, unknown>[]): Problem[] =>
  distinctProblems([
    ...namesTwice(manifests).map((name) => twiceProblem(set, name)),
    ...manifests.flatMap((one) => checkMade(one, set).problems),
  ]);

/** Problems stand where the set stands now. */
const unchangedSet = (set: ApplicationSet, { problems, error }: ExpandedSet, kept: Application[]): MadeBySets => {
  const moved = problems.map((problem) => ({ ...problem, ...set.origin }));
  const failed = `ApplicationSet ${applicationId(set)}: ${error}`;
  return { applications: kept, problems: error === undefined ? moved : [setProblem(set, 'failed', failed)] };
};

const setProblem = (set: ApplicationSet, code: 'pending' | 'failed', message: string): Problem => ({
  severity: 'error',
  code: `${EXPANSION}${code}`,
  ...set.origin,
  field: 'spec.generators',
  message,
});

/** Validates what the set made as the document that it would be; its place is the set's template. */
const readMade = (
  made: Record<string, unknown>,
  set: ApplicationSet,
  before: readonly Application[],
): { application?: Application; problems: Problem[] } => {
  const known = before.find((one) => one.name === nameOf(made));
  const { output, problems } = checkMade(withKeptFields(made, known, set), set);
  if (output) {
    return { application: { ...applicationOf(output, set.origin), applicationSet: applicationId(set) }, problems };
  }
  return { ...(known ? { application: known } : {}), problems };
};

/**
 * Checks an Application (a manifest) that a set made. `output`: it, where there is no error; problems stand at the set, with
 * the Application's name where there is one.
 */
const checkMade = (
  manifest: Record<string, unknown>,
  { origin }: Pick<ApplicationSet, 'origin'>,
): { output?: ApplicationManifest; problems: Problem[] } => {
  const { file, line } = origin;
  const document: YamlDocument = {
    value: manifest,
    base: TEMPLATE_BASE,
    placeOf: () => ({ line, column: 1 }),
    lineOf: () => line,
  };
  const { output, problems } = validateDocument(ApplicationSchema, document, file);
  const findings = (output ? checkApplication(output) : []).map(
    ({ path, ...what }): Problem => ({ ...what, ...origin, field: [...TEMPLATE_BASE, ...path].join('.') }),
  );
  const all = [...problems, ...findings];
  if (output && !all.some(({ severity }) => severity === 'error')) return { output, problems: all };
  const name = nameOf(manifest);
  return { problems: all.map((problem) => ({ ...problem, message: `${problem.message} (Application ${name})` })) };
};

const NAMELESS = 'without a name';

const nameOf = ({ metadata }: Record<string, unknown>): string =>
  typeof metadata === 'object' && metadata !== null && 'name' in metadata && typeof metadata.name === 'string'
    ? metadata.name
    : NAMELESS;

/** One template makes the same mistake in each of its Applications: said once. */
const distinctProblems = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.code} ${problem.field} ${problem.message}`, problem])).values(),
];

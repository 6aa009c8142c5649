import type { Problem } from '../problem.ts';
import { applicationId, type Origin } from './application.ts';
import { type Deliveries, isOwner } from './delivered-applications.ts';

type Kind = 'Application' | 'ApplicationSet' | 'AppProject' | 'ConfigMap' | 'Secret';

/** What a compile gathers while it tells documents of one name apart. */
export interface Distinguishing {
  deliveries: Deliveries;
  problems: Problem[];
  /** Files that define something which another one defines, too. */
  shadowed: Set<string>;
}

/**
 * Two documents of one name: the first (by path and line) stands, the second is a problem that names both places. What an
 * application delivers comes before the same in a file: one owner, the parent, and a warning. Where it is what it hangs on
 * itself, or its parent is gone, the file counts.
 */
export const distinct = <T extends { namespace: string; name: string; origin?: Origin }>(
  items: readonly T[],
  kind: Kind,
  found: Distinguishing,
): T[] => {
  const known = new Map<string, T>();
  for (const item of items) {
    const id = kind === 'AppProject' || kind === 'ConfigMap' ? item.name : applicationId(item);
    const first = known.get(id);
    if (!first) {
      known.set(id, item);
      continue;
    }
    const isReplaced = first.origin?.registeredBy !== undefined && item.origin?.registeredBy === undefined;
    if (isReplaced && !isOwner(first, found.deliveries, kind === 'Application')) {
      known.set(id, item);
      if (first.origin) found.shadowed.add(first.origin.file);
    } else {
      if (item.origin) found.shadowed.add(item.origin.file);
      found.problems.push(duplicateProblem(`${kind} ${id}`, item.origin, first.origin));
    }
  }
  return [...known.values()];
};

const placeText = (origin: Origin | undefined): string => {
  if (!origin) return 'built in';
  return origin.registeredBy ? `delivered by Application ${origin.registeredBy}` : `at ${origin.file}:${origin.line}`;
};

const duplicateProblem = (what: string, here: Origin | undefined, first: Origin | undefined): Problem => ({
  severity: first?.registeredBy && !here?.registeredBy ? 'warning' : 'error',
  code: 'document-duplicate',
  file: here?.file ?? '',
  line: here?.line ?? 1,
  field: 'metadata.name',
  message: `${what} is also ${first?.registeredBy ? '' : 'defined '}${placeText(first)}, and that one counts: remove one of them`,
});

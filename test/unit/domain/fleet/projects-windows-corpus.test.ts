import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ApplicationSource } from '../../../../src/domain/fleet/application.ts';
import {
  drySource,
  explicitType,
  type SourceHydrator,
  sourcesOf,
  syncSource,
} from '../../../../src/domain/fleet/application-sources.ts';
import { matchGlob, matchNegatable } from '../../../../src/domain/fleet/glob.ts';
import type { AppProject, SyncWindow } from '../../../../src/domain/fleet/project.ts';
import { groupNameError, isPolicyAction, isPolicyObject } from '../../../../src/domain/fleet/project-roles.ts';
import {
  isAppNamespacePermitted,
  isDestinationPermitted,
  isGroupKindNamePermitted,
  isSourcePermitted,
} from '../../../../src/domain/fleet/project-rules.ts';
import type { AppProjectManifest } from '../../../../src/domain/fleet/project-schema.ts';
import { projectOf } from '../../../../src/domain/fleet/read-manifests.ts';
import { nextRetryAt, type RetryStrategy } from '../../../../src/domain/fleet/retry.ts';
import {
  activeWindows,
  canSync,
  inactiveAllows,
  matchingWindows,
  windowError,
} from '../../../../src/domain/fleet/sync-windows.ts';
import { validateProject, windowIdentity } from '../../../../src/domain/fleet/validate-project.ts';

interface ProjectInput {
  metadata?: { name?: string; namespace?: string };
  spec?: AppProjectManifest['spec'];
}

/** Every field that some case has; each function reads its own. */
interface Input {
  /** A name, for policies. */
  project: ProjectInput | string;
  source: ApplicationSource;
  cluster: { server: string; name: string };
  namespace: string;
  projectScopedClusters?: { server?: string; name?: string }[];
  groupKind: { group: string; kind: string };
  name: string;
  namespaced: boolean;
  pattern: string;
  value: string;
  allowNegation: boolean;
  object: string;
  action: string;
  app: { metadata: { name: string; namespace?: string }; spec: { destination: { server?: string; name?: string } } };
  controllerNamespace: string;
  windows: SyncWindow[] | SyncWindow;
  now: string;
  isManual: boolean;
  operationStartTime: string | null;
  retry: RetryStrategy;
  lastAttempt: string;
  retryCount: number;
  spec: { source?: ApplicationSource; sources?: ApplicationSource[] };
  hydrator: SourceHydrator;
}

interface Field {
  of: string;
  path: string[];
  value?: unknown;
  notNull?: boolean;
}

interface Case {
  id: string;
  fn: string;
  input: Input;
  expect: Record<string, unknown> & { fields?: Field[] };
}

const FILE = '../shared/corpus/projects-windows/cases.jsonl';
const present = existsSync(FILE);
const cases = (present ? readFileSync(FILE, 'utf8') : '')
  .split('\n')
  .filter(Boolean)
  .map((line): Case => JSON.parse(line));

/** What these name lives elsewhere or nowhere in Towline; the reason is in the value. */
const ELSEWHERE: Record<string, string> = {
  newHelmParameter: 'parses a flag of the argocd command line',
  newKustomizeReplica: 'parses a flag of the argocd command line',
  removeOption: 'edits an Application for the argocd command line',
  envsubst: 'the build environment is in domain/sources',
  match: 'kustomize images are merged in domain/sources',
  force: 'the strategy of an operation is in domain/sync',
  isApplyStrategy: 'the strategy of an operation is in domain/sync',
  trunc: 'histories are cut where rows are written',
  allowsConcurrentProcessing: 'every render has its own directory, so all may run at once',
  isZero: 'a question of Go structures: absent and empty are told apart by the type here',
  equals: 'a question of Go structures: nil and empty lists',
  rBACName: 'names of the API are ids (namespace/name)',
  hasDeny: 'a step inside canSync',
  hasAllow: 'a step inside canSync',
  denyAllowsOverrun: 'a step inside canSync',
  destinationClusters: 'answers a question of the Argo CD API server',
};

const project = (text: ProjectInput | string): AppProject => {
  const given: ProjectInput = typeof text === 'string' ? { metadata: { name: text } } : text;
  return projectOf({ metadata: { name: 'p', ...given.metadata }, spec: given.spec ?? {} });
};
const windowsOf = (given: SyncWindow[] | SyncWindow): SyncWindow[] => (Array.isArray(given) ? given : [given]);
const timeOf = (text: string | null): Date | undefined => (text === null ? undefined : new Date(text));

const RUN: Record<string, (input: Input) => Record<string, unknown>> = {
  isSourcePermitted: ({ project: p, source }) => ({ permitted: isSourcePermitted(project(p), source.repoURL) }),
  isDestinationPermitted: ({ project: p, cluster, namespace, projectScopedClusters }) => {
    const own = project(p);
    const { server, name } = cluster;
    const isScoped = (projectScopedClusters ?? []).some((one) => (one.name ?? '') === name || one.server === server);
    const asked = { server, name, ...(isScoped ? { project: own.name } : {}) };
    return { permitted: isDestinationPermitted(own, asked, namespace) };
  },
  isGroupKindNamePermitted: ({ project: p, groupKind, name, namespaced }) => ({
    permitted: isGroupKindNamePermitted(project(p), { ...groupKind, name }, namespaced),
  }),
  globMatch: ({ pattern, value, allowNegation }) => ({
    match: (allowNegation ? matchNegatable : matchGlob)(pattern, value),
  }),
  validateProject: ({ project: p }) => ({ error: validateProject(project(p))?.message ?? null }),
  validateGroupName: ({ name }) => ({ error: groupNameError(name) ?? null }),
  isValidObject: ({ project: p, object }) => ({ valid: isPolicyObject(project(p).name, object) }),
  isValidAction: ({ action }) => ({ valid: isPolicyAction(action) }),
  isAppNamespacePermitted: ({ project: p, app, controllerNamespace }) => ({
    permitted: isAppNamespacePermitted(project(p), app.metadata.namespace ?? '', controllerNamespace),
  }),
  active: ({ windows, now }) => found(activeWindows(windowsOf(windows), new Date(now)), 'active'),
  inactiveAllows: ({ windows, now }) => found(inactiveAllows(windowsOf(windows), new Date(now)), 'inactive'),
  matches: ({ windows, app }) => {
    const subject = { name: app.metadata.name, destination: app.spec.destination };
    const matched = matchingWindows(windowsOf(windows), subject);
    return { matched: matched.length === 0 ? null : matched };
  },
  canSync: ({ windows, isManual, operationStartTime, now }) => {
    const startedAt = timeOf(operationStartTime);
    const decision = canSync(windowsOf(windows), { now: new Date(now), isManual, ...(startedAt ? { startedAt } : {}) });
    const error = !decision.allowed && decision.error ? decision.reason : null;
    return { error, canSync: decision.allowed };
  },
  validate: ({ windows }) => ({ error: windowsOf(windows).map(windowError).find(Boolean) ?? null }),
  hashIdentity: ({ windows }) => ({ error: windowsOf(windows).map(windowIdentity).includes('') ? 'empty' : null }),
  nextRetryAt: ({ retry, lastAttempt, retryCount }) => {
    const next = nextRetryAt(retry, new Date(lastAttempt), retryCount);
    return 'error' in next ? next : { error: null, at: next.at.toISOString().replace('.000Z', 'Z') };
  },
  explicitType: ({ source }) => {
    const type = explicitType(source);
    return { error: typeof type === 'object' ? type.error : null };
  },
  getSource: ({ spec }) => ({ source: sourcesOf(spec)[0] }),
  getSources: ({ spec }) => ({ sources: sourcesOf(spec) }),
  getDrySource: ({ hydrator }) => ({ source: drySource(hydrator) }),
  getSyncSource: ({ hydrator }) => ({ source: syncSource(hydrator) }),
};

const found = ({ windows, errors }: { windows: SyncWindow[]; errors: string[] }, key: string) => ({
  error: errors[0] ?? null,
  [key]: windows,
});

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Holds one expectation of the corpus (its README says how to read them) against an answer. */
const check = (actual: unknown, wanted: unknown): void => {
  if (typeof wanted === 'boolean' && Array.isArray(actual)) return expect(actual.length > 0).toBe(wanted);
  if (wanted === null || typeof wanted !== 'object') {
    return isEmpty(wanted) ? expect(isEmpty(actual)).toBe(true) : expect(actual).toEqual(wanted);
  }
  if ('length' in wanted && !Array.isArray(wanted)) return expect((actual as unknown[]).length).toBe(wanted.length);
  if ('contains' in wanted) return expect(actual).toContain(wanted.contains);
  if ('empty' in wanted) return expect(isEmpty(actual)).toBe(wanted.empty);
  return expect(actual).toEqual(wanted);
};

const checkFields = (answer: Record<string, unknown>, fields: readonly Field[]): void => {
  for (const { of, path, value, notNull } of fields) {
    const place = path.reduce<unknown>((one, key) => (one as Record<string, unknown> | undefined)?.[key], answer[of]);
    if (notNull) expect(place).not.toBeNull();
    else check(place, value);
  }
};

describe.skipIf(!present)(`projects, windows and retries (${present ? '' : 'skipped, there is no '}${FILE})`, () => {
  it.each(cases.filter(({ fn }) => !(fn in ELSEWHERE)))('$fn $id', ({ fn, input, expect: expected }) => {
    const answer = RUN[fn]?.(input) ?? {};
    const { fields, ...values } = expected;
    checkFields(answer, fields ?? []);
    for (const [key, wanted] of Object.entries(values)) {
      if (key === 'error' && wanted === true) expect(answer['error'], 'an error').toBeTruthy();
      else check(answer[key], wanted);
    }
  });
});

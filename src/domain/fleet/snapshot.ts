import type { Problem } from '../problem.ts';
import { stableText } from '../stable-digest.ts';
import type { Application } from './application.ts';
import type { ApplicationSet } from './applicationset/application-set.ts';
import type { SeenRead } from './applicationset/generator-reads.ts';
import type { AppProject } from './project.ts';
import type { RepositorySecret } from './repository-secret.ts';
import type { SettingsDocument } from './settings-document.ts';

/** An application as the fleet has it: its document, and where it goes. */
export interface CompiledApplication extends Application {
  /** `namespace/name`. */
  id: string;
  /** Digest of everything in it that bears on what is applied. */
  specDigest: string;
  /** Name of the destination cluster; '' where the fleet has none such (then `problems` says so). */
  cluster: string;
  /** The cluster's environment; '' where it has none. */
  environment: string;
  problems: Problem[];
}

/** What an ApplicationSet was last expanded from: as long as it is the same, so are its Applications. */
export interface ExpandedSet {
  /** Digest of the set as it is written. */
  document: string;
  reads: SeenRead[];
  /** Found in what it makes. */
  problems: Problem[];
  /** Why it makes nothing. */
  error?: string;
}

/** What should run where: the fleet's documents compiled at one commit. Immutable, named by its digest. */
export interface FleetSnapshot {
  digest: string;
  /** By id. */
  applications: CompiledApplication[];
  /** By name, with what global projects add. */
  projects: AppProject[];
  /** As they are written, where a global project adds to one. */
  writtenProjects?: AppProject[];
  /** What the fleet's `argocd-cm` says; absent: it has none, and Argo CD's defaults hold. */
  argoSettings?: SettingsDocument;
  /** Argo CD's repository and repo-creds Secrets, but for what is secret in them. */
  repositorySecrets?: RepositorySecret[];
  /** As they are written; what they make is among the applications. */
  applicationSets?: ApplicationSet[];
  /** By the set's id, those whose inputs could all be read. */
  expanded?: Record<string, ExpandedSet>;
  /** Of documents, not of one application; by file and line. */
  problems: Problem[];
  /** The version of the rules that made it, and the files that were read without an error, by path: need not be read again. */
  compiler?: number;
  files?: Record<string, string>;
}

/** Whether `argocd-cm` says otherwise than before how sources are read: what each of them renders to may be another. */
export const readsSourcesAnew = (before: FleetSnapshot, after: FleetSnapshot): boolean =>
  stableText(before.argoSettings?.settings.sources ?? {}) !== stableText(after.argoSettings?.settings.sources ?? {});

/** Which applications a new snapshot adds, changes and removes, by id. */
export const diffSnapshots = (
  before: FleetSnapshot,
  after: FleetSnapshot,
): { added: string[]; changed: string[]; removed: string[] } => {
  const known = new Map(before.applications.map((one) => [one.id, one.specDigest]));
  const now = new Set(after.applications.map(({ id }) => id));
  return {
    added: after.applications.flatMap(({ id }) => (known.has(id) ? [] : [id])),
    changed: after.applications.flatMap(({ id, specDigest }) =>
      known.has(id) && known.get(id) !== specDigest ? [id] : [],
    ),
    removed: before.applications.flatMap(({ id }) => (now.has(id) ? [] : [id])),
  };
};

/** Why a reviewer should look twice. */
export type RiskKind =
  | 'delete'
  | 'custom-resource-definition'
  | 'immutable-field'
  | 'image-major'
  | 'namespace'
  | 'rbac'
  | 'secret';

export interface Risk {
  kind: RiskKind;
  text: string;
}

/** What becomes of one object. `lines` are those of a diff: `- path: value`, `+ path: value`; a Secret's hold no value. */
export interface ResourceChange {
  change: 'added' | 'changed' | 'removed';
  /** `apps/Deployment web/web`. */
  resource: string;
  lines: string[];
  risks: Risk[];
}

export interface PreviewedApplication {
  application: string;
  cluster: string;
  environment: string;
}

/** The same changes in each of these applications. */
export interface ChangeGroup {
  applications: PreviewedApplication[];
  resources: ResourceChange[];
}

/** Something that would fail, or be refused, once this is merged. */
export interface PreviewProblem extends Partial<PreviewedApplication> {
  message: string;
  file?: string;
  line?: number;
}

/** What merging a pull request would change: all that is shown of it, with nothing secret left in it. */
export interface PreviewView {
  groups: ChangeGroup[];
  /** Applications that were looked at and render as before. */
  unchanged: number;
  /** They cannot be compiled or rendered. */
  failures: PreviewProblem[];
  /** A project does not permit them. */
  violations: PreviewProblem[];
}

/** The commit that one source of an application was taken from. */
export interface SourceRevision {
  repository: string;
  ref: string;
  commit: string;
  /** A source that is a chart: its repository and name; `commit` is its version then, and the ref that of its Application. */
  chart?: string;
}

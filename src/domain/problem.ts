/** Something that a person has to put right (or should know), and where. */
export interface Problem {
  /** `unsupported`: right for Argo CD, but not served by Towline (yet); it counts as an error, never as silence. */
  severity: 'error' | 'warning' | 'unsupported';
  /** Stable, kebab-case. */
  code: string;
  file: string;
  /** From 1. */
  line: number;
  column?: number;
  /** `spec.clusters[1].eks.region`; '' for the whole document. */
  field: string;
  /** What is wrong, with the value, and what is allowed. */
  message: string;
}

/** `fleet.yaml:12: spec.clusters[1].eks: …`, one line. */
export const formatProblem = ({ file, line, field, message }: Problem): string =>
  `${file}:${line}: ${field === '' ? '' : `${field}: `}${message}`;

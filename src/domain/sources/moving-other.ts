import { refOfRevision } from '../revision.ts';
import { stableText } from '../stable-digest.ts';
import { isExactVersion } from './chart-index.ts';

/** Something of elsewhere that a source reads and that may come to stand elsewhere without a commit here. */
export interface MovingOther {
  repoURL: string;
  /** A chart that a chart depends on; absent: a Git repository with a base. */
  chart?: string;
  /** A file, at `repoURL`. */
  file?: true;
  /** A range of versions, or what Git takes. */
  targetRevision?: string;
  /** The version, commit or digest that it stood at; '' where there was none. */
  at: string;
}

/** Whether it may move: a full version and a commit id do not, nor what a URL names by its commit. */
export const isMoving = ({ repoURL, chart, targetRevision, file }: Omit<MovingOther, 'at'>): boolean => {
  if (file) return !/\/[0-9a-f]{40}\//.test(repoURL);
  return chart === undefined ? refOfRevision(targetRevision).type !== 'commit' : !isExactVersion(targetRevision ?? '');
};

/** Each thing once for each place where it stood: thousands of applications read few of them. */
export const distinctOthers = (others: Iterable<MovingOther>): MovingOther[] => {
  const byText = new Map<string, MovingOther>();
  for (const other of others) byText.set(stableText(other), other);
  return [...byText.values()];
};

/** What is read of elsewhere, wherever it stands. */
export const otherName = ({ at: _at, ...other }: MovingOther): string => stableText(other);

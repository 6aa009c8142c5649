import { cutText, oneLine } from '../report/cut-text.ts';
import type { EnvironmentStatus } from '../report/environment-statuses.ts';
import { summaryOf } from './preview-comment.ts';
import type { PreviewProblem, PreviewView } from './preview-view.ts';

const MAX_DESCRIPTION = 140;

/**
 * What a pull request's commit shows: `towline/render` (does all of it render, and what changes) and `towline/policy` (do
 * the projects permit it). Without a view, they are pending.
 */
export const previewStatuses = (view: PreviewView | undefined): EnvironmentStatus[] => {
  if (!view)
    return ['render', 'policy'].map((name) => ({
      context: `towline/${name}`,
      state: 'pending',
      description: 'rendering',
    }));
  return [
    { context: 'towline/render', ...renderStatus(view) },
    { context: 'towline/policy', ...policyStatus(view) },
  ];
};

type Said = Pick<EnvironmentStatus, 'state' | 'description' | 'annotations'>;

const renderStatus = (view: PreviewView): Said =>
  view.failures.length === 0
    ? { state: 'success', description: cutText(summaryOf(view), MAX_DESCRIPTION) }
    : { state: 'failure', description: describe(view.failures, 'would fail'), ...annotated(view.failures) };

const policyStatus = ({ violations }: PreviewView): Said =>
  violations.length === 0
    ? { state: 'success', description: 'permitted by the projects' }
    : { state: 'failure', description: describe(violations, 'not permitted'), ...annotated(violations) };

/** On the file and line, as far as they are known. */
const annotated = (problems: readonly PreviewProblem[]): Pick<EnvironmentStatus, 'annotations'> => {
  const found = problems.flatMap(({ file, line = 1, message }) => (file ? [{ path: file, line, message }] : []));
  const distinct = new Map(found.map((one) => [`${one.path}:${one.line}:${one.message}`, one]));
  return distinct.size > 0 ? { annotations: [...distinct.values()] } : {};
};

/** The first with its cause, and how many there are. */
const describe = (problems: readonly PreviewProblem[], what: string): string => {
  const [first] = problems;
  const who = first?.application ? `${first.application}${first.cluster ? `@${first.cluster}` : ''}: ` : '';
  const count = problems.length > 1 ? `${problems.length} ${what}: ` : '';
  return cutText(oneLine(`${count}${who}${first?.message ?? ''}`), MAX_DESCRIPTION);
};

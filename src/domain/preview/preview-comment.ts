import { cutText, oneLine } from '../report/cut-text.ts';
import type { ChangeGroup, PreviewedApplication, PreviewProblem, PreviewView, ResourceChange } from './preview-view.ts';

/** Hidden in the comment, by which Towline knows its own. */
export const PREVIEW_MARKER = '<!-- towline:preview -->';

/** GitHub takes 65,536 characters; what does not fit is on the page. */
export const MAX_COMMENT = 60_000;
const MAX_PROBLEMS = 20;
/** Inline code is a name or a message. */
const MAX_CODE = 500;
const NAMED_APPLICATIONS = 3;

export interface CommentInput {
  view: PreviewView;
  /** The head commit that was rendered. */
  commit: string;
  /** The page with all of it. */
  url: string;
}

/** The one comment of a pull request, as Markdown. Whatever comes from Git stands in code or is escaped. */
export const previewComment = ({ view, commit, url }: CommentInput): string => {
  const head = [PREVIEW_MARKER, `**Towline**: ${summaryOf(view)} (\`${commit.slice(0, 12)}\`)`, ''];
  const parts = [
    ...problemList('Would fail', view.failures),
    ...problemList('Not permitted', view.violations),
    ...riskList(view.groups),
    ...(view.groups.length > 0 ? [table(view.groups)] : []),
    ...view.groups.map(details),
  ];
  const foot = `[Full diff](${encodeURI(url)})`;
  let left = MAX_COMMENT - head.join('\n').length - foot.length - 200;
  const kept: string[] = [];
  for (const part of parts) {
    if (part.length > left) break;
    left -= part.length + 2;
    kept.push(part);
  }
  const cut = kept.length < parts.length ? 'The rest does not fit into a comment. ' : '';
  const hasMore = view.groups.length + view.failures.length + view.violations.length > 0;
  return [...head, kept.join('\n\n'), ...(hasMore ? ['', `${cut}${foot}`] : [])].join('\n').trimEnd();
};

/** One line: what merging would do. */
export const summaryOf = ({ groups, unchanged, failures, violations }: PreviewView): string => {
  const applications = groups.reduce((sum, group) => sum + group.applications.length, 0);
  const problems = [
    ...(failures.length > 0 ? [`${failures.length} would fail`] : []),
    ...(violations.length > 0 ? [`${plural(violations.length, 'object')} not permitted`] : []),
  ];
  if (applications === 0) {
    const nothing =
      unchanged > 0
        ? `no changes: ${plural(unchanged, 'application')} ${unchanged === 1 ? 'renders' : 'render'} as before`
        : 'no changes';
    return problems.length > 0 ? problems.join(', ') : nothing;
  }
  const count = (change: ResourceChange['change']): number =>
    groups.reduce(
      (sum, group) => sum + group.applications.length * group.resources.filter((one) => one.change === change).length,
      0,
    );
  const risks = new Set(
    groups.flatMap(({ resources }) => resources.flatMap((one) => one.risks.map(({ kind }) => kind))),
  );
  return [
    `${plural(applications, 'application')} change: +${count('added')} ~${count('changed')} −${count('removed')} objects`,
    ...(risks.size > 0 ? [plural(risks.size, 'kind', ' of risk')] : []),
    ...problems,
  ].join(', ');
};

const plural = (count: number, word: string, more = ''): string => `${count} ${word}${count === 1 ? '' : 's'}${more}`;

const problemList = (title: string, problems: readonly PreviewProblem[]): string[] => {
  if (problems.length === 0) return [];
  const lines = problems.slice(0, MAX_PROBLEMS).map((one) => `- ${placeOf(one)}${code(one.message)}`);
  const more = problems.length - lines.length;
  return [[`**${title}**`, '', ...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n')];
};

const placeOf = ({ application, cluster }: PreviewProblem): string =>
  application ? `${code(cluster ? `${application}@${cluster}` : application)}: ` : '';

const riskList = (groups: readonly ChangeGroup[]): string[] => {
  const lines = groups.flatMap(({ applications, resources }) =>
    resources.flatMap(({ resource, risks }) =>
      risks.map(({ text }) => `- ⚠️ ${code(resource)}: ${plain(text)}${where(applications)}`),
    ),
  );
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MAX_PROBLEMS);
  return [
    [
      '**Look twice**',
      '',
      ...shown,
      ...(lines.length > shown.length ? [`- and ${lines.length - shown.length} more`] : []),
    ].join('\n'),
  ];
};

const where = (applications: readonly PreviewedApplication[]): string =>
  applications.length === 1 ? ` (${nameOf(applications[0])})` : ` (${applications.length} applications)`;

const table = (groups: readonly ChangeGroup[]): string =>
  [
    '| applications | environment | + | ~ | − | risk |',
    '| --- | --- | --- | --- | --- | --- |',
    ...groups.map((group) => `| ${cellsOf(group).join(' | ')} |`),
  ].join('\n');

const cellsOf = ({ applications, resources }: ChangeGroup): string[] => {
  const count = (change: ResourceChange['change']): string =>
    String(resources.filter((one) => one.change === change).length);
  const environments = [...new Set(applications.map(({ environment }) => environment))].toSorted();
  const risks = new Set(resources.flatMap((one) => one.risks.map(({ kind }) => kind)));
  return [
    named(applications),
    environments.map((name) => code(name || 'none')).join(' '),
    count('added'),
    count('changed'),
    count('removed'),
    [...risks].join(', '),
  ];
};

const nameOf = (one: PreviewedApplication | undefined): string => code(one ? `${one.application}@${one.cluster}` : '');

/** `a@one, b@two, c@three and 37 more: the same on 40 clusters`. */
const named = (applications: readonly PreviewedApplication[]): string => {
  const shown = applications.slice(0, NAMED_APPLICATIONS).map(nameOf).join(', ');
  const more = applications.length - NAMED_APPLICATIONS;
  const clusters = new Set(applications.map(({ cluster }) => cluster)).size;
  const same =
    applications.length > 1
      ? ` (same on ${clusters === 1 ? `${applications.length} applications` : `${clusters} clusters`})`
      : '';
  return `${shown}${more > 0 ? ` and ${more} more` : ''}${same}`;
};

const SIGN = { added: '+', changed: '~', removed: '−' } as const;

const details = ({ applications, resources }: ChangeGroup): string =>
  [
    `<details><summary>${plain(summaryLine(applications))}: ${plural(resources.length, 'object')}</summary>`,
    '',
    ...resources.flatMap(({ change, resource, lines }) => [
      `${SIGN[change]} ${code(resource)}`,
      ...(lines.length > 0 ? fenced(lines) : ['']),
    ]),
    '</details>',
  ].join('\n');

const summaryLine = (applications: readonly PreviewedApplication[]): string => {
  const [first] = applications;
  const name = first ? `${first.application}@${first.cluster}` : '';
  return applications.length > 1 ? `${name} and ${applications.length - 1} more` : name;
};

/** A fence longer than any that stands in it. */
const fenced = (lines: readonly string[]): string[] => {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = '`'.repeat(longest + 1);
  return ['', `${fence}diff`, ...lines, fence, ''];
};

/** Inline code that nothing in it can leave, also within a table. */
const code = (text: string): string => {
  const clean = oneLine(cutText(text, MAX_CODE)).replaceAll('|', '¦').replaceAll('`', 'ˋ');
  return clean === '' ? '' : `\`${clean}\``;
};

/** Text of our own with names out of Git in it. */
const plain = (text: string): string =>
  oneLine(cutText(text, MAX_CODE)).replace(/[\\`*_{}[\]<>()#+!|@~&]/g, (character) => `&#${character.charCodeAt(0)};`);

import { html } from 'hono/html';
import type { RepositoryHealth } from '../app/read-model.ts';
import type { ApplicationRow } from '../domain/application-row.ts';
import type { Rollout } from '../domain/rollout.ts';
import { failureOf } from '../domain/shown-application.ts';
import { type Html, scrolling, short, state, time, tookOf } from './layout.ts';

/** More lines than that are slow to draw and read by nobody: the search finds the others. */
export const LINES_SHOWN = 500;

export interface Overview {
  /** Failing ones first. */
  applications: readonly ApplicationRow[];
  rollouts: readonly Rollout[];
  repositories: readonly RepositoryHealth[];
  /** What was searched for; '': nothing. */
  query: string;
}

/** The fleet at a glance: failing applications first, then the newest rollouts, then how its repositories are heard. */
export const overview = ({ applications, rollouts, repositories, query }: Overview): Html => {
  const found = applications.filter((row) => matches(row, query.trim().toLowerCase()));
  return html`
<h2>Applications <span class="soft num">${applications.length}</span></h2>
${applications.length === 0 ? html`<p class="soft">No applications yet: push an Argo CD Application to the fleet's repository.</p>` : listOf(applications, found, query)}
<h2>Rollouts</h2>
${rollouts.length === 0 ? html`<p class="soft">No rollouts yet: a push to a repository of the fleet makes one.</p>` : rolloutTable(rollouts)}
${repositories.length === 0 ? '' : repositoryTable(repositories)}`;
};

const matches = ({ id, spec }: ApplicationRow, query: string): boolean =>
  query === '' || [id, spec.cluster, spec.environment, spec.project].some((text) => text.toLowerCase().includes(query));

const listOf = (all: readonly ApplicationRow[], found: readonly ApplicationRow[], query: string): Html => html`
<ul id="healths">${countsBy(all).map(([health, count]) => html`<li>${state(health)} <span class="num">${count}</span></li>`)}</ul>
<form role="search"><input type="search" name="q" value="${query}" aria-label="Search by name, cluster, environment or project" placeholder="name, cluster, environment, project"> <button>Search</button></form>
${found.length === 0 ? html`<p class="soft">No application matches.</p>` : applicationTable(found)}`;

/** What failed may be healthy: as it was before. */
const countsBy = (rows: readonly ApplicationRow[]): [string, number][] => {
  const failed = rows.filter((row) => failureOf(row) !== undefined).length;
  const healths = [...Map.groupBy(rows, ({ health }) => health.status)].map(
    ([health, { length }]): [string, number] => [health, length],
  );
  return failed > 0 ? [['failed', failed], ...healths] : healths;
};

const applicationTable = (rows: readonly ApplicationRow[]): Html => html`
${scrolling(
  'Applications',
  html`<table id="applications"><thead><tr><th>Name<th>Health<th>Sync<th>Cluster<th>Environment<th>Revision</tr></thead>
<tbody>${rows.slice(0, LINES_SHOWN).map(applicationLine)}</tbody></table>`,
)}
${rows.length > LINES_SHOWN ? html`<p class="soft">and ${rows.length - LINES_SHOWN} more, none of them worse: search for them.</p>` : ''}`;

// On a phone the first two columns are what is seen without scrolling.
const applicationLine = (row: ApplicationRow): Html => html`<tr>
<td class="wide"><a href="/applications/${row.id}">${row.spec.name}</a></td>
<td class="wide">${state(row.health.status)} <span class="soft">${failureOf(row) ?? row.health.message}</span></td><td>${state(row.sync)}</td>
<td>${row.spec.cluster}</td><td>${row.spec.environment}</td><td class="mono">${revisionsOf(row)}</td></tr>`;

const revisionsOf = (row: ApplicationRow): string =>
  (row.applied?.revisions ?? row.desired?.revisions ?? []).map(({ commit }) => short(commit)).join(' ');

const rolloutTable = (rollouts: readonly Rollout[]): Html =>
  scrolling(
    'Rollouts',
    html`<table id="rollouts"><thead><tr><th>Started (UTC)<th>State<th>Commit<th>Ref<th>Applications<th>Took</tr></thead>
<tbody>${rollouts.map(rolloutLine)}</tbody></table>`,
  );

const rolloutLine = (rollout: Rollout): Html => html`<tr>
<td class="num">${time(rollout.createdAt)}</td><td>${state(rollout.state)}</td>
<td class="mono"><a href="/rollouts/${rollout.id}">${short(rollout.commit)}</a></td><td>${rollout.ref.replace('refs/heads/', '')}</td>
<td class="num">${rollout.applications.length}</td><td class="num">${tookOf(rollout)}</td></tr>`;

const repositoryTable = (repositories: readonly RepositoryHealth[]): Html => html`<h2>Repositories</h2>
${scrolling(
  'Repositories',
  html`<table id="repositories"><thead><tr><th>Repository<th>Forge<th>Webhook<th>Statuses</tr></thead>
<tbody>${repositories.map(repositoryLine)}</tbody></table>`,
)}`;

const repositoryLine = ({ url, forge, hooks, waits }: RepositoryHealth): Html => html`<tr>
<td class="wide">${url}</td><td>${forge}</td>
<td>${hooks.map(({ url: hook, until, status }) => html`<p>${status === undefined ? html`${state('disabled')} by the forge, ${until ? html`until ${until}` : 'until somebody enables it'}` : html`${state('failing')}, last answered ${status}`}: <span class="soft">${hook}; its refs are polled</span></p>`)}</td>
<td>${waits ? html`${state('waiting')} <span class="soft">${waits.code}, next try ${time(waits.retryAt)} UTC</span>` : ''}</td></tr>`;

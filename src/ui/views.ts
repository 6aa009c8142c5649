import { html } from 'hono/html';
import type { RolloutDetail } from '../app/read-model.ts';
import type { ApplicationRow } from '../domain/application-row.ts';
import type { Outcome, Rollout } from '../domain/rollout.ts';
import { duration, type Html, short, state, time } from './layout.ts';

/** The fleet at a glance: failing applications first, then the newest rollouts. */
export const overview = (applications: readonly ApplicationRow[], rollouts: readonly Rollout[]): Html => html`
<h2>Applications <span class="soft num">${applications.length}</span></h2>
<div class="scroll"><table id="applications"><thead><tr><th>Name<th>Cluster<th>Environment<th>Sync<th>Health<th>Revision</tr></thead>
<tbody>${applications.map(applicationLine)}</tbody></table></div>
${applications.length === 0 ? html`<p class="soft">No applications yet: push an Argo CD Application to the fleet's repository.</p>` : ''}
<h2>Rollouts</h2>
<div class="scroll"><table id="rollouts"><thead><tr><th>Started (UTC)<th>State<th>Commit<th>Ref<th>Applications<th>Took</tr></thead>
<tbody>${rollouts.map(rolloutLine)}</tbody></table></div>`;

const applicationLine = (row: ApplicationRow): Html => html`<tr>
<td><a href="/applications/${row.id}">${row.spec.name}</a></td><td>${row.spec.cluster}</td><td>${row.spec.environment}</td>
<td>${state(row.sync)}</td><td>${state(row.health.status)} <span class="soft">${row.health.message}</span></td>
<td class="mono">${revisionsOf(row)}</td></tr>`;

const revisionsOf = (row: ApplicationRow): string =>
  (row.applied?.revisions ?? row.desired?.revisions ?? []).map(({ commit }) => short(commit)).join(' ');

const rolloutLine = (rollout: Rollout): Html => html`<tr>
<td class="num">${time(rollout.createdAt)}</td><td>${state(rollout.state)}</td>
<td class="mono"><a href="/rollouts/${rollout.id}">${short(rollout.commit)}</a></td><td>${rollout.ref.replace('refs/heads/', '')}</td>
<td class="num">${rollout.applications.length}</td><td class="num">${tookOf(rollout)}</td></tr>`;

const tookOf = ({ createdAt, finishedAt }: Rollout): string =>
  finishedAt === undefined ? '' : duration(finishedAt - createdAt);

/** One rollout: what was said about it, and every application's way through it. */
export const rolloutPage = ({ rollout, outcomes, summary }: RolloutDetail): Html => html`
<h2>Rollout of <span class="mono">${short(rollout.commit)}</span> ${state(rollout.state)}</h2>
<p class="soft">${rollout.repository} · ${rollout.ref} · ${rollout.cause} · ${time(rollout.createdAt)} UTC ${tookOf(rollout)}</p>
${problemList(rollout)}
${Object.entries(rollout.sent).map(([context, sent]) => html`<p><code>${context}</code> ${state(sent.state)} ${sent.description}</p>`)}
${summary.failures.length > 0 ? html`<h2>Failures</h2><ul>${summary.failures.map((one) => html`<li><b>${one.application}</b> ${one.message}</li>`)}</ul>` : ''}
<h2>Timeline</h2>
<div class="scroll"><table id="timeline"><thead><tr><th>Application<th>Environment<th>State<th>Why<th>Planned<th>Rendered<th>Applied<th>Healthy</tr></thead>
<tbody>${rollout.applications.map((planned) => {
  const outcome = outcomes.find(({ application }) => application === planned.application);
  return html`<tr><td><a href="/applications/${planned.application}">${planned.application}</a></td><td>${planned.environment}</td>
<td>${state(outcome?.phase ?? 'planned')} <span class="soft">${outcome?.message ?? ''}</span></td><td class="soft">${planned.reason}</td>
${(['planned', 'rendered', 'applied', 'healthy'] as const).map((stage) => html`<td class="num">${since(rollout, outcome, stage)}</td>`)}</tr>`;
})}</tbody></table></div>`;

const since = (
  rollout: Rollout,
  outcome: Outcome | undefined,
  stage: 'planned' | 'rendered' | 'applied' | 'healthy',
) => {
  const at = outcome?.times[stage];
  return at === undefined ? '' : `+${duration(at - rollout.createdAt)}`;
};

const problemList = (rollout: Rollout): Html =>
  rollout.problems.length === 0
    ? html``
    : html`<h2>Problems</h2><ul>${rollout.problems.map(({ severity, text }) => html`<li>${severity}: ${text}</li>`)}</ul>`;

/** One application: what it should be, what it is, object by object. */
export const applicationPage = (row: ApplicationRow): Html => html`
<h2>${row.id} ${state(row.sync)} ${state(row.health.status)}</h2>
<p class="soft">${row.spec.cluster} · ${row.spec.destination.namespace} · ${row.health.message}</p>
${row.desired?.error ? html`<p class="state bad">${row.desired.error.message}</p>` : ''}
${row.waiting ? html`<p class="soft">Waiting: ${row.waiting}. Sync: <code>towline app sync ${row.id}</code></p>` : ''}
${row.pinned ? html`<p class="soft">Rolled back to generation ${row.pinned.generation}. Resume: <code>towline app resume ${row.id}</code></p>` : ''}
${row.operation ? html`<p>Last operation: ${state(row.operation.phase)} ${row.operation.message}</p>` : ''}
<h2>Sources</h2><ul>${row.spec.sources.map((source) => html`<li><code>${source.repoURL}</code> ${source.path ?? source.chart ?? ''} @ ${source.targetRevision ?? 'HEAD'}</li>`)}</ul>
<h2>Objects</h2>
<div class="scroll"><table id="objects"><thead><tr><th>Kind<th>Namespace<th>Name<th>Sync<th>Health</tr></thead>
<tbody>${row.resources.map(
  (one) => html`<tr><td>${one.kind}</td><td>${one.namespace ?? ''}</td><td>${one.name}</td><td>${state(one.sync)}</td>
<td>${one.health ? state(one.health.status) : ''} <span class="soft">${one.health?.message || one.message || ''}</span></td></tr>`,
)}</tbody></table></div>
<h2>History</h2>
<ul>${row.history.map((one) => html`<li class="num">${time(one.at)} <a class="mono" href="/rollouts/${one.rollout}">${one.revisions.map(({ commit }) => short(commit)).join(' ')}</a></li>`)}</ul>`;

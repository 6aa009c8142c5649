import { html } from 'hono/html';
import type { RolloutDetail } from '../app/read-model.ts';
import type { ApplicationRow } from '../domain/application-row.ts';
import type { ApplicationFailure, EnvironmentSummary } from '../domain/report/summary.ts';
import type { Outcome, Rollout } from '../domain/rollout.ts';
import { sourceText } from '../domain/rollout-sources.ts';
import { duration, type Html, scrolling, short, state, time, tookOf } from './layout.ts';
import { LINES_SHOWN } from './overview.ts';

/** One rollout: how far it is, what failed and why, what was said about it, and every application's way through it. */
export const rolloutPage = ({ rollout, outcomes, summary }: RolloutDetail): Html => html`
<h2>Rollout of <span class="mono">${short(rollout.commit)}</span> ${state(rollout.state)}</h2>
${rollout.subject ? html`<p>${rollout.subject}</p>` : ''}
<p class="soft">${rollout.repository} · ${rollout.ref.replace('refs/heads/', '')} · ${rollout.cause} · ${time(rollout.createdAt)} UTC ${tookOf(rollout)}</p>
${sourceList(rollout)}
<ul id="environments">${summary.environments.map((one) => html`<li><b>${one.name}</b> ${countsOf(one)}</li>`)}</ul>
${problemList(rollout)}
${summary.failures.length > 0 ? html`<h2>Failures <span class="soft num">${summary.failures.length}</span></h2><ul id="failures">${summary.failures.slice(0, FAILURES_SHOWN).map(failureLine)}</ul>${moreThan(summary.failures.length, FAILURES_SHOWN)}` : ''}
${undelivered(rollout)}
<h2>Timeline</h2>
${scrolling(
  'Timeline',
  html`<table id="timeline"><thead><tr><th>Application<th>Cluster<th>State<th>Why<th>Planned<th>Rendered<th>Applied<th>Healthy</tr></thead>
<tbody>${timelineOf(rollout, outcomes)}</tbody></table>`,
)}
${moreThan(rollout.applications.length, LINES_SHOWN)}
${Object.keys(rollout.sent).length > 0 ? html`<h2>Told to the commit</h2>` : ''}
${Object.entries(rollout.sent).map(([context, sent]) => html`<p><code>${context}</code> ${state(sent.state)} <span class="soft">${sent.description}${sent.refused ? ` (refused: ${sent.refused})` : ''}</span></p>`)}`;

const FAILURES_SHOWN = 100;

const moreThan = (total: number, shown: number): Html =>
  total > shown
    ? html`<p class="soft">and ${total - shown} more: <code>towline rollout get -o json</code> has them all.</p>`
    : html``;

/** What the forge or the chat could not be told yet. */
const undelivered = ({ undelivered: { forge, deployments } = {}, chats = {} }: Rollout): Html => {
  const waiting = [
    ...(forge ? [{ what: 'commit statuses', ...forge }] : []),
    ...(deployments ? [{ what: 'deployments', ...deployments }] : []),
    ...Object.entries(chats).flatMap(([channel, { failed }]) =>
      failed ? [{ what: `Slack ${channel}`, ...failed }] : [],
    ),
  ];
  return html`${waiting.map(({ what, code, retryAt }) => html`<p>${state('not told')} ${what}: <span class="soft">${code}${retryAt === Number.MAX_SAFE_INTEGER ? ', for good' : `, next try ${time(retryAt)} UTC`}</span></p>`)}`;
};

/** What else its applications are made of. */
const sourceList = ({ sources = [], moreSources = 0 }: Rollout): Html =>
  sources.length === 0
    ? html``
    : html`<p id="sources" class="soft">with ${sources.map((one, index) => html`${index > 0 ? ', ' : ''}${sourceText(one)}`)}${moreSources > 0 ? ` and ${moreSources} more` : ''}</p>`;

const countsOf = ({ total, synced, progressing, failed, waiting, superseded }: EnvironmentSummary): string =>
  [
    total === 0 ? 'no applications affected' : `${synced}/${total} synced`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(progressing > 0 ? [`${progressing} progressing`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for a person`] : []),
    ...(superseded > 0 ? [`${superseded} superseded`] : []),
  ].join(' · ');

const failureLine = ({ application, cluster, message }: ApplicationFailure): Html =>
  application === ''
    ? html`<li>${message}</li>`
    : html`<li><a href="/applications/${application}"><b>${application}</b></a> on ${cluster}: ${message}</li>`;

/** What failed comes first, then what is still under way. */
const ORDER: readonly string[] = ['failed', 'waiting', 'planned', 'rendered', 'applied', 'superseded', 'healthy'];

const timelineOf = (rollout: Rollout, outcomes: readonly Outcome[]): Html[] => {
  const known = new Map(outcomes.map((outcome) => [outcome.application, outcome]));
  const lines = rollout.applications.map((planned) => ({ planned, outcome: known.get(planned.application) }));
  const rank = ({ outcome }: (typeof lines)[number]): number => ORDER.indexOf(outcome?.phase ?? 'planned');
  return lines
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, LINES_SHOWN)
    .map(
      ({
        planned,
        outcome,
      }) => html`<tr><td class="name"><a href="/applications/${planned.application}">${planned.application}</a></td><td class="name">${planned.cluster}</td>
<td>${state(outcome?.phase ?? 'planned')} <span class="soft">${outcome?.message ?? ''}</span></td><td class="soft">${planned.reason}</td>
${(['planned', 'rendered', 'applied', 'healthy'] as const).map((stage) => html`<td class="num">${since(rollout, outcome, stage)}</td>`)}</tr>`,
    );
};

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
${row.refGone ? html`<p class="state bad">${row.refGone.message}</p>` : ''}
${row.waiting ? html`<p class="soft">Waiting: ${row.waiting}. Sync: <code>towline app sync ${row.id}</code></p>` : ''}
${row.pinned ? html`<p class="soft">Rolled back to generation ${row.pinned.generation}. Resume: <code>towline app resume ${row.id}</code></p>` : ''}
${row.operation ? html`<p>Last operation: ${state(row.operation.phase)} ${row.operation.message}</p>` : ''}
<h2>Sources</h2><ul>${row.spec.sources.map((source) => html`<li><code>${source.repoURL}</code> ${source.path ?? source.chart ?? ''} @ ${source.targetRevision ?? 'HEAD'}</li>`)}</ul>
<h2>Objects</h2>
${scrolling(
  'Objects',
  html`<table id="objects"><thead><tr><th>Kind<th>Namespace<th>Name<th>Sync<th>Health</tr></thead>
<tbody>${row.resources.map(
    (one) => html`<tr><td>${one.kind}</td><td>${one.namespace ?? ''}</td><td>${one.name}</td><td>${state(one.sync)}</td>
<td>${one.health ? state(one.health.status) : ''} <span class="soft">${one.health?.message || one.message || ''}</span></td></tr>`,
  )}</tbody></table>`,
)}
<h2>History</h2>
<ul>${row.history.map((one) => html`<li class="num">${time(one.at)} <a class="mono" href="/rollouts/${one.rollout}">${one.revisions.map(({ commit }) => short(commit)).join(' ')}</a></li>`)}</ul>`;

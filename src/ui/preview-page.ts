import { html } from 'hono/html';
import type { PreviewDetail } from '../app/read-model.ts';
import { summaryOf } from '../domain/preview/preview-comment.ts';
import type { ChangeGroup, PreviewProblem, PreviewView, ResourceChange } from '../domain/preview/preview-view.ts';
import { type Html, short, state } from './layout.ts';

/** All that a pull request would change: what would fail first, then every object of every group. */
export const previewPage = ({ preview, view }: PreviewDetail): Html => {
  const { repository, number, base } = preview.request;
  return html`
<h2>Preview of <span class="mono">#${number}</span> at <span class="mono">${short(preview.commit)}</span> ${state(preview.state)}</h2>
<p class="soft">${repository} · into ${base.ref.replace('refs/heads/', '')}</p>
${view ? html`<p>${summaryOf(view)}</p>${viewOf(view)}` : html`<p class="soft">Both sides are being rendered.</p>`}`;
};

const viewOf = ({ groups, failures, violations }: PreviewView): Html => html`
${problems('Would fail', failures)}${problems('Not permitted', violations)}${groups.map(groupOf)}`;

const problems = (title: string, all: readonly PreviewProblem[]): Html =>
  all.length === 0
    ? html``
    : html`<h2>${title}</h2><ul>${all.map(
        ({ application, cluster, message }) =>
          html`<li>${application ? html`<b>${application}</b> on ${cluster ?? ''}: ` : ''}${message}</li>`,
      )}</ul>`;

const groupOf = ({ applications, resources }: ChangeGroup): Html => html`
<h2>${applications.map(({ application, cluster }) => `${application} on ${cluster}`).join(', ')}</h2>
${resources.map(resourceOf)}`;

const SIGN = { added: '+', changed: '~', removed: '−' } as const;

const resourceOf = ({ change, resource, lines, risks }: ResourceChange): Html => html`
<p><span class="mono">${SIGN[change]} ${resource}</span> ${risks.map(({ text }) => html`<span class="state busy">${text}</span> `)}</p>
${lines.length > 0 ? html`<pre class="scroll mono">${lines.join('\n')}</pre>` : ''}`;

import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Rollout } from '../domain/rollout.ts';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 62%, transparent);
  --good: #1a7f37; --bad: #cf222e; --busy: #9a6700; --calm: #57606a; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --busy: #d29922; --calm: #8b949e; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; }
header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; margin-bottom: 1.5rem; }
h1 { font-size: 1.15rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
a { color: inherit; } header a { text-decoration: none; }
h2, p, li { overflow-wrap: anywhere; } ul { padding-left: 1.25rem; } #healths, #environments { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
form { display: flex; gap: .5rem; margin: 0 0 .75rem; } input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .35rem; padding: .25rem .6rem; } input { flex: 1; min-width: 0; max-width: 26rem; }
td p { margin: 0; } pre { margin: .25rem 0 1rem; } :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .85rem; }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
code, .mono { font: .88em ui-monospace, monospace; } .soft { color: var(--soft); } .name { white-space: nowrap; } .wide { overflow-wrap: anywhere; min-width: 11rem; } .num { font-variant-numeric: tabular-nums; white-space: nowrap; }
.state::before { content: '●'; margin-right: .4em; } .good::before { color: var(--good); } .bad::before { color: var(--bad); }
.busy::before { color: var(--busy); } .calm::before { color: var(--calm); }
`;

// The page asks for its own body again while somebody looks at it; an unchanged one costs a 304 and no redraw. Where the
// answer takes long it asks less often. What somebody has selected, types or has the focus on stays where it is.
const LIVE = `
let tag = null;
const main = document.querySelector('main');
const isBusy = () => document.hidden || !getSelection().isCollapsed || main.querySelector('input:focus') !== null;
const redraw = (text) => {
  const link = main.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  const label = main.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null;
  const lefts = [...main.querySelectorAll('.scroll')].map((one) => one.scrollLeft);
  main.innerHTML = text;
  main.querySelectorAll('.scroll').forEach((one, index) => { one.scrollLeft = lefts[index] ?? 0; });
  const again = link !== null ? \`a[href="\${CSS.escape(link)}"]\` : label !== null ? \`[aria-label="\${CSS.escape(label)}"]\` : null;
  if (again !== null) main.querySelector(again)?.focus({ preventScroll: true });
};
const refresh = async () => {
  const asked = performance.now();
  try {
    if (!isBusy()) {
      const answer = await fetch(location.href, { headers: { 'x-fragment': '1', ...(tag ? { 'if-none-match': tag } : {}) } });
      const text = answer.status === 200 ? await answer.text() : null;
      if (text !== null && !isBusy()) {
        tag = answer.headers.get('etag');
        redraw(text);
      }
    }
  } catch {}
  setTimeout(refresh, Math.max(1000, 20 * (performance.now() - asked)));
};
setTimeout(refresh, 1000);
`;

/** The whole page around `body`, which is also what the page's own script asks for every second. */
export const page = (title: string, fleet: string, body: Html): Html => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Towline</title><style>${raw(STYLE)}</style></head>
<body><header><h1><a href="/">Towline</a></h1><span class="soft">${fleet}</span></header>
<main>${body}</main><script type="module">${raw(LIVE)}</script></body></html>`;

type Tone = 'good' | 'bad' | 'busy' | 'calm';

const TONES: Readonly<Record<string, Tone>> = {
  Healthy: 'good',
  Synced: 'good',
  success: 'good',
  healthy: 'good',
  Degraded: 'bad',
  disabled: 'bad',
  'not told': 'busy',
  failure: 'bad',
  failed: 'bad',
  OutOfSync: 'busy',
  Progressing: 'busy',
  Missing: 'busy',
  running: 'busy',
  planning: 'busy',
  planned: 'busy',
  rendered: 'busy',
  applied: 'busy',
};

/** A state in words, with a dot in its colour (never colour alone). */
export const state = (name: string): Html => html`<span class="state ${TONES[name] ?? 'calm'}">${name}</span>`;

/** What is too wide for a phone scrolls by itself, by keyboard, too. */
export const scrolling = (name: string, body: Html): Html =>
  html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${body}</div>`;

/** How long a rollout took; '' while it runs. */
export const tookOf = ({ createdAt, finishedAt }: Pick<Rollout, 'createdAt' | 'finishedAt'>): string =>
  finishedAt === undefined ? '' : duration(finishedAt - createdAt);

/** The first seven digits of a commit id. */
export const short = (commit: string): string => commit.slice(0, 7);

/** `2026-01-31 12:00:00` in UTC. */
export const time = (at: number | undefined): string =>
  at === undefined ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** `340 ms`, `12.3 s`, `10 min`. */
export const duration = (milliseconds: number): string =>
  milliseconds >= 120_000
    ? `${Math.round(milliseconds / 60_000)} min`
    : milliseconds < 1_000
      ? `${Math.round(milliseconds)} ms`
      : `${(milliseconds / 1_000).toFixed(1)} s`;

import { relative } from 'node:path';
import type { Writable } from 'node:stream';
import type { Printer, Ready } from '../local/printer.ts';
import type { TowlineEvent } from '../ports/events.ts';

/** One JSON object a line: `ready` and every event a script may wait for. */
export const createJsonPrinter = (out: Writable): Printer => {
  const print = (object: object): void => void out.write(`${JSON.stringify(object)}\n`);
  return {
    ready: (ready) => print({ event: 'ready', ...ready }),
    emit: (event) => print(event),
    note: () => undefined,
    stopping: () => undefined,
  };
};

/** The timeline for people: what happens to a push, with milliseconds since it was received. `color`: with colours. */
export const createTimelinePrinter = (out: Writable, { color }: { color: boolean }): Printer => {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const started = new Map<string, number>();
  const planned = new Map<string, Set<string>>();
  const line = (at: number, since: number | undefined, text: string): void => {
    const passed = since === undefined ? '' : `+${at - since} ms`;
    out.write(`${paint(90, passed.padStart(9))}  ${text}\n`);
  };
  return {
    ready: (ready) => out.write(readyText(ready, paint)),
    note: (text) => out.write(`${text}\n`),
    stopping: () => out.write('\nstopping …\n'),
    emit: (event) => {
      const since = startOf(event, started);
      // Where health follows at once, nobody says separately that it was applied.
      if (event.event === 'application' && event.phase === 'healthy' && event.appliedAt !== undefined) {
        line(event.appliedAt, since, describe({ ...event, phase: 'applied' }, paint)[0] ?? '');
      }
      for (const text of withoutSaid(event, describe(event, paint), planned)) line(event.at, since, text);
    },
  };
};

/** A rollout that is planned further says only what is new: what it counts, and the applications that came. */
const withoutSaid = (event: TowlineEvent, texts: string[], planned: Map<string, Set<string>>): string[] => {
  if (event.event !== 'rollout' || !event.applications) return texts;
  const said = planned.get(event.rollout) ?? new Set();
  const news = texts.filter((text) => !said.has(text));
  planned.set(event.rollout, new Set([...said, ...texts]));
  return news;
};

/** When the push that this event belongs to was received: remembered by commit, then by rollout. */
const startOf = (event: TowlineEvent, started: Map<string, number>): number | undefined => {
  if (event.event === 'change') {
    if (event.commit) started.set(event.commit, event.at);
    return event.at;
  }
  if (event.event === 'render') return undefined;
  if (event.event === 'rollout' && !started.has(event.rollout)) {
    started.set(event.rollout, started.get(event.commit) ?? event.at);
  }
  return started.get(event.rollout);
};

type Paint = (code: number, text: string) => string;

const SYMBOLS: Readonly<Record<string, [number, string]>> = {
  healthy: [32, '✔'],
  success: [32, '✔'],
  failed: [31, '✘'],
  failure: [31, '✘'],
  superseded: [90, '↷'],
  canceled: [90, '↷'],
  waiting: [33, '⏸'],
};

const symbol = (name: string, paint: Paint): string => {
  const [code, text] = SYMBOLS[name] ?? [36, '·'];
  return paint(code, text);
};

/** An application and its cluster, where there is one. */
const placeOf = ({ application, cluster }: { application: string; cluster: string }): string =>
  cluster === '' ? application : `${application} on ${cluster}`;

const describe = (event: TowlineEvent, paint: Paint): string[] => {
  switch (event.event) {
    case 'change':
      return [
        `${paint(1, 'push')}      ${event.repository} ${event.ref} ${short(event.commit)} ${event.cause === 'poll' ? '(found by the poll)' : `(${event.cause}) → 202`}`,
      ];
    case 'rollout':
      return describeRollout(event, paint);
    case 'render':
      return [
        `${event.ok ? 'rendered' : paint(31, 'render failed')}  ${event.tool} ${event.milliseconds} ms${event.message ? `: ${event.message}` : ''}`,
      ];
    case 'application':
      return [
        `${symbol(event.phase, paint)} ${event.phase.padEnd(7)} ${placeOf(event)}${event.message ? `: ${event.message}` : ''}`,
      ];
    case 'status':
      return [
        `${symbol(event.state, paint)} status   ${short(event.commit)} ${event.context}: ${event.state}, ${event.description}`,
      ];
  }
};

const describeRollout = (event: TowlineEvent & { event: 'rollout' }, paint: Paint): string[] => {
  if (event.applications) {
    const planned = event.applications.map((one) => `            ${placeOf(one)}: ${one.reason}`);
    const problems = (event.problems ?? []).map((text) => `            ${paint(31, text)}`);
    const count = event.applications.length === 0 ? 'nothing is affected' : `${event.applications.length} affected`;
    return [`${paint(1, 'planned')}   ${count}`, ...planned, ...problems];
  }
  return [`${symbol(event.state, paint)} rollout  ${short(event.commit)} ${event.state}`];
};

const short = (commit: string | undefined): string => (commit ?? '').slice(0, 7);

/** A path as a shell takes it, from the current directory where it is below it. */
const shellPath = (path: string): string => {
  const near = relative('', path);
  const short = near.startsWith('..') ? path : near;
  return /^[\w@%+=:,./-]+$/.test(short) ? short : `'${short.replaceAll("'", "'\\''")}'`;
};

const readyText = (ready: Ready, paint: Paint): string => {
  const lines = [`Towline is ready at ${paint(1, ready.url)}`, ''];
  if (ready.gitURL) lines.push(`  git clone ${ready.gitURL}     change something, commit, push, and watch`);
  for (const context of ready.contexts ?? []) {
    lines.push(`  kubectl --kubeconfig ${shellPath(ready.kubeconfig)} --context ${context} get deployments -A`);
  }
  lines.push(
    `  webhooks: ${ready.webhooks.github} and ${ready.webhooks.gitlab}`,
    '  Ctrl-C ends it; what it knows is kept.',
    '',
  );
  return `\n${lines.join('\n')}\n`;
};

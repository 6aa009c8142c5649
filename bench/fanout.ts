// N applications of one ConfigMap, one commit that changes all, then one that changes a single one:
// `npm run bench:fanout [-- --applications 1000] [--kubeconfig FILE] [--calls] [--idle SECONDS]`. With a kubeconfig (or KUBECONFIG) the objects go
// to that cluster, in a namespace of their own, and an API server on this machine is measured, too; else to an embedded one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createLocalLog } from '../src/local/local-log.ts';
import type { TowlineEvent } from '../src/ports/events.ts';
import { startBenchStack } from './bench-stack.ts';
import { countCalls } from './count-calls.ts';
import { childrenWith, costOf, processesWith } from './processes.ts';

const { values } = parseArgs({
  options: {
    applications: { type: 'string', default: '1000' },
    kubeconfig: { type: 'string', default: process.env.KUBECONFIG ?? '' },
    calls: { type: 'boolean', default: false },
    idle: { type: 'string', default: '20' },
  },
});
const count = Number(values.applications);
const kubeconfig = values.kubeconfig && resolve(values.kubeconfig);
const dir = mkdtempSync(join(tmpdir(), 'towline-fanout-'));
const { log, close } = createLocalLog(dir);
const names = Array.from({ length: count }, (_, index) => `app-${index}`);

const application = (repoURL: string, name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  source: { repoURL: ${repoURL}, targetRevision: main, path: workloads/${name} }
  destination: { name: one, namespace: fanout }
  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`;

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { value: "${value}", filler: "${'x'.repeat(1_900)}" }\n`;

// Another run's values on the same cluster must differ from this one's.
const filesOf = (value: number): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [`workloads/${name}/config.yaml`, configMap(name, `${process.pid} ${value}`)]),
  );

/** The API server behind a loopback kubeconfig and its etcd, where they run on this machine. */
const apiServerPids = (): number[] => {
  const port = /server:\s*\S+:(\d+)/.exec(readFileSync(kubeconfig, 'utf8'))?.[1] ?? '';
  const servers = processesWith(`--secure-port=${port}`);
  const etcd = servers.flatMap(
    (pid) => /--etcd-servers=(\S+?)\0/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? [],
  );
  return [...servers, ...(etcd[1] ? processesWith(`--listen-client-urls=${etcd[1]}`) : [])];
};

/** Who costs what: the functions (with the embedded cluster, where one is used), the tools' sandbox, AWS, the API server. */
const parties = (): Record<string, (number | 'self')[]> => ({
  own: ['self'],
  sandbox: childrenWith('sandbox-child'),
  'emulated AWS': childrenWith('emulators-child'),
  ...(kubeconfig ? { 'API server': apiServerPids() } : {}),
});

const costs = (): Map<string, { cpuSeconds: number; peakMiB: number }> =>
  new Map(
    Object.entries(parties()).map(([name, pids]) => {
      const each = pids.map(costOf);
      const sum = (of: 'cpuSeconds' | 'peakMiB'): number => each.reduce((total, cost) => total + cost[of], 0);
      return [name, { cpuSeconds: sum('cpuSeconds'), peakMiB: sum('peakMiB') }];
    }),
  );

const report = (
  title: string,
  { events, pushedAt }: { events: readonly TowlineEvent[]; pushedAt: number },
  before: ReturnType<typeof costs>,
): void => {
  const applied = events
    .flatMap((event) => (event.event === 'application' && event.appliedAt ? [event.appliedAt - pushedAt] : []))
    .toSorted((a, b) => a - b);
  const renders = events.filter(({ event }) => event === 'render').length;
  const at = (share: number): number =>
    applied[Math.min(applied.length - 1, Math.floor(applied.length * share))] ?? Number.NaN;
  console.log(
    `${title}: ${applied.length} applied, first ${at(0)} ms, median ${at(0.5)} ms, last ${at(1)} ms, ` +
      `${Math.round(applied.length / (at(1) / 1_000))}/s, ${renders} renders`,
  );
  const failures = events.filter((event) => event.event === 'application' && event.phase === 'failed');
  for (const failure of failures.slice(0, 3)) console.log(`  FAILED ${JSON.stringify(failure)}`);
  const each = [...costs()].map(([name, { cpuSeconds, peakMiB }]) => {
    const seconds = cpuSeconds - (before.get(name)?.cpuSeconds ?? 0);
    return `${name} ${seconds.toFixed(2)} CPU s, peak ${Math.round(peakMiB)} MiB`;
  });
  console.log(`  ${each.join('; ')}`);
};

const calls = values.calls ? countCalls() : undefined;
const reportCalls = (applications: number): void => {
  const taken = [...(calls?.take() ?? [])];
  if (taken.length === 0) return;
  const total = taken.reduce((sum, [, times]) => sum + times, 0);
  console.log(`  ${total} AWS calls, ${(total / applications).toFixed(1)} an application:`);
  for (const [name, times] of taken) console.log(`    ${(times / applications).toFixed(2).padStart(6)}  ${name}`);
};

const stack = await startBenchStack(dir, log, {
  clusters: `\n    - { name: one, labels: { environment: bench }, ${kubeconfig ? `kubeconfig: { path: ${kubeconfig} }` : 'embedded: true'} }`,
  files: (url) => ({
    ...Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, application(url, name)])),
    ...filesOf(0),
  }),
});
try {
  report('first', stack.first, new Map());
  reportCalls(count);
  const one = (name: string) => ({ [`workloads/${name}/config.yaml`]: configMap(name, `${process.pid} 2`) });
  for (const [title, files] of [
    ['all changed', filesOf(1)],
    ['one changed', one('app-0')],
    ['one changed', one('app-1')],
    ['one changed', one('app-2')],
    ['all changed', filesOf(3)],
  ] as const) {
    const before = costs();
    report(title, await stack.pushAndWait(files), before);
    reportCalls(Object.keys(files).length);
  }
  // What came after the last rollout's end is over by then.
  await pause(5_000);
  const before = costs();
  await pause(Number(values.idle) * 1_000);
  const shares = [...costs()].map(([name, { cpuSeconds }]) => {
    const seconds = cpuSeconds - (before.get(name)?.cpuSeconds ?? 0);
    return `${name} ${((100 * seconds) / Number(values.idle)).toFixed(1)} % of a core`;
  });
  console.log(`idle: ${shares.join('; ')}`);
} finally {
  await stack.close();
  await close();
  rmSync(dir, { recursive: true, force: true });
}

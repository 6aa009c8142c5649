// N applications of one ConfigMap, one commit that changes all, then one that changes a single one:
// `npm run bench:fanout [-- --applications 1000]`, against the cluster in KUBECONFIG or an embedded one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLocalLog } from '../src/local/local-log.ts';
import type { TowlineEvent } from '../src/ports/events.ts';
import { startBenchStack } from './bench-stack.ts';

const { values } = parseArgs({ options: { applications: { type: 'string', default: '1000' } } });
const count = Number(values.applications);
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

const configMap = (name: string, value: number): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { value: "${value}", filler: "${'x'.repeat(1_900)}" }\n`;

const filesOf = (value: number): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`workloads/${name}/config.yaml`, configMap(name, value)]));

const { KUBECONFIG } = process.env;
const access = KUBECONFIG ? `kubeconfig: { path: ${KUBECONFIG} }` : 'embedded: true';

const report = (title: string, events: readonly TowlineEvent[], pushedAt: number, cpu: NodeJS.CpuUsage): void => {
  const applied = events
    .flatMap((event) => (event.event === 'application' && event.appliedAt ? [event.appliedAt - pushedAt] : []))
    .toSorted((a, b) => a - b);
  const renders = events.filter(({ event }) => event === 'render').length;
  const seconds = (cpu.user + cpu.system) / 1_000_000;
  const memory = Math.round(process.memoryUsage.rss() / 1_048_576);
  const at = (share: number): number =>
    applied[Math.min(applied.length - 1, Math.floor(applied.length * share))] ?? Number.NaN;
  console.log(
    `${title}: ${applied.length} applied, first ${at(0)} ms, median ${at(0.5)} ms, last ${at(1)} ms, ` +
      `${Math.round(applied.length / (at(1) / 1_000))}/s, ${renders} renders, ${seconds.toFixed(1)} CPU s, ${memory} MiB`,
  );
};

const stack = await startBenchStack(dir, log, {
  clusters: `\n    - { name: one, labels: { environment: bench }, ${access} }`,
  files: (url) => ({
    ...Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, application(url, name)])),
    ...filesOf(0),
  }),
});
try {
  report('first', stack.first.events, stack.first.pushedAt, process.cpuUsage());
  for (const [title, files] of [
    ['all changed', filesOf(1)],
    ['one changed', { 'workloads/app-0/config.yaml': configMap('app-0', 2) }],
    ['one changed', { 'workloads/app-1/config.yaml': configMap('app-1', 2) }],
    ['all changed', filesOf(3)],
  ] as const) {
    const before = process.cpuUsage();
    const { events, pushedAt } = await stack.pushAndWait(files);
    report(title, events, pushedAt, process.cpuUsage(before));
  }
} finally {
  await stack.close();
  await close();
  rmSync(dir, { recursive: true, force: true });
}

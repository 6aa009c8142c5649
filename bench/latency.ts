// Push → applied → healthy → status, stage by stage, over the local stack: `npm run bench:latency [-- --runs 30]`.
// Each run pushes one changed file of one application of four objects; the clock starts when the Git host has the commit.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLocalLog } from '../src/local/local-log.ts';
import type { TowlineEvent } from '../src/ports/events.ts';
import { startBenchStack } from './bench-stack.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '30' } } });
const runs = Number(values.runs);
const dir = mkdtempSync(join(tmpdir(), 'towline-bench-'));
const { log, close } = createLocalLog(dir);

/** Pushes before the first that is measured: caches are filled and code is compiled, as in a stack that has run for a while. */
const WARM_UPS = 20;

const SOURCES = {
  plain: { file: 'workloads/web/config.yaml', application: 'argocd/web-dev', edit: (n: number) => plain('web', n) },
  kustomize: {
    file: 'workloads/api/base/config.yaml',
    application: 'argocd/api-dev',
    edit: (n: number) => plain('api', n),
  },
  helm: {
    file: 'workloads/worker/values-dev.yaml',
    application: 'argocd/worker-dev',
    edit: (n: number) => `greeting: hello ${n}\n`,
  },
} as const;

const plain = (name: string, n: number): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  GREETING: hello ${n}\n`;

const STAGES = ['receipt', 'plan', 'render', 'apply', 'health', 'status'] as const;
type Stages = Record<(typeof STAGES)[number], number>;

const stagesOf = (events: readonly TowlineEvent[], pushedAt: number, commit: string, application: string): Stages => {
  const after = (find: (event: TowlineEvent) => boolean): number => (events.find(find)?.at ?? Number.NaN) - pushedAt;
  return {
    receipt: after((event) => event.event === 'change' && event.commit === commit),
    plan: after((event) => event.event === 'rollout' && event.commit === commit && event.applications !== undefined),
    render: after((event) => event.event === 'render'),
    apply: appliedAt(events, application) - pushedAt,
    health: after(
      (event) => event.event === 'application' && event.application === application && event.phase === 'healthy',
    ),
    status: after(
      (event) =>
        event.event === 'status' &&
        event.commit === commit &&
        event.state === 'success' &&
        event.context === 'towline/dev',
    ),
  };
};

const appliedAt = (events: readonly TowlineEvent[], application: string): number => {
  const event = events.find(
    (one) => one.event === 'application' && one.application === application && one.appliedAt !== undefined,
  );
  return event?.event === 'application' ? (event.appliedAt ?? Number.NaN) : Number.NaN;
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const stack = await startBenchStack(dir, log);
try {
  console.log(`push → …, milliseconds, ${runs} runs each after ${WARM_UPS}: p50 / p95; CPU time of this process`);
  for (const [name, { file, application, edit }] of Object.entries(SOURCES)) {
    const measured: Stages[] = [];
    const cpu: number[] = [];
    for (let n = 0; n < WARM_UPS + runs; n++) {
      const before = process.cpuUsage();
      const { commit, pushedAt, events } = await stack.pushAndWait({ [file]: edit(n) });
      const { user, system } = process.cpuUsage(before);
      if (n < WARM_UPS) continue;
      measured.push(stagesOf(events, pushedAt, commit, application));
      cpu.push((user + system) / 1_000);
    }
    const columns = STAGES.map((stage) => {
      const sorted = measured.map((one) => one[stage]).toSorted((a, b) => a - b);
      return `${stage} ${quantile(sorted, 0.5)}/${quantile(sorted, 0.95)}`;
    });
    // Unlike the times, this says what a change costs also on a machine that others use.
    const spent = quantile(
      cpu.toSorted((a, b) => a - b),
      0.5,
    );
    console.log(`${name.padEnd(10)} ${columns.join('  ')}  CPU ${spent.toFixed(0)}`);
  }
} finally {
  await stack.close();
  await close();
  rmSync(dir, { recursive: true, force: true });
}

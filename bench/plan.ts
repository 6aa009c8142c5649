// How long a plan takes and what it needs, by the number of applications in one repository:
// `npm run bench:plan [-- --applications 100,1000,10000] [--pushes 10]`. Real Git over HTTP and the real use cases; rows and
// queues in memory, so that only planning is measured. One file of one application is changed a push, then all at once,
// then one ApplicationSet of a hundred. Run with `node --expose-gc` to see the heap without what is garbage.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSetExpander } from '../src/adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../src/adapters/jq/delete-jq-paths.ts';
import { createSnapshots } from '../src/app/load-fleet.ts';
import { planChange } from '../src/app/plan/plan-change.ts';
import { createPlanIndexes } from '../src/app/plan/plan-index-store.ts';
import { parseFleetFile } from '../src/domain/fleet/parse-fleet-file.ts';
import { FLEET_ID } from '../src/domain/fleet-row.ts';
import { startGitHost } from '../src/local/git-host/start-git-host.ts';
import { localRepositories } from '../src/local/local-repositories.ts';
import type { SetExpander } from '../src/ports/set-expander.ts';
import { createMemoryPorts } from '../test/fakes/memory-ports.ts';

const { values } = parseArgs({
  options: {
    applications: { type: 'string', default: '100,1000,10000' },
    pushes: { type: 'string', default: '10' },
  },
});

const MAIN = 'refs/heads/main';
const application = (url: string, name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  source: { repoURL: ${url}, targetRevision: main, path: workloads/${name} }
  destination: { name: one, namespace: bench }
`;
const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { value: "${value}" }\n`;
const set = (url: string, name: string, count: number): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
  goTemplate: true
  generators: [{ list: { elements: [${Array.from({ length: count }, (_, at) => `{ at: "${at}" }`).join(', ')}] } }]
  template:
    metadata: { name: '${name}-{{ .at }}' }
    spec:
      project: default
      source: { repoURL: ${url}, targetRevision: main, path: 'workloads/app-0' }
      destination: { name: one, namespace: bench }
`;

const dir = mkdtempSync(join(tmpdir(), 'towline-plan-'));
const ports = createMemoryPorts();
const { log } = ports;
const secrets = { read: () => Promise.reject(new Error('no secrets here')) };
const host = await startGitHost({
  root: join(dir, 'repositories'),
  port: 0,
  webhook: { url: () => 'http://127.0.0.1:9/', secret: () => 'bench' },
  clock: Date.now,
  newId: randomUUID,
  log,
});
const forges = () => {
  throw new Error('no forge here');
};
const repositories = localRepositories({
  secrets,
  log,
  cacheDir: join(dir, 'git'),
  searchPath: process.env.PATH,
  forges,
});
mkdirSync(join(dir, 'empty'));

const heapMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
};
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const ms = (numbers: readonly number[]): string =>
  `${median(numbers).toFixed(0)} ms (${Math.min(...numbers).toFixed(0)}–${Math.max(...numbers).toFixed(0)})`;

/** A fleet of its own, and what it takes to plan a push of it. */
const createFleet = async (name: string) => {
  const memory = createMemoryPorts();
  const url = host.url(name);
  await host.createRepository(name, join(dir, 'empty'));
  const parsed = parseFleetFile(
    `apiVersion: towline.dev/v1alpha1\nkind: Fleet\nmetadata: { name: bench }\nspec:\n  source: { repoURL: ${url}, targetRevision: main, path: apps }\n  repositories: [{ url: ${url}, forge: git }]\n  clusters: [{ name: one, embedded: true }]\n`,
    { file: 'bench', local: true },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  await memory.fleets.save({ id: FLEET_ID, version: 0, file: parsed.fleet, projects: [] });
  const seen = { rows: 0, expanded: 0 };
  const { getMany } = memory.applications;
  memory.applications.getMany = (ids) => {
    seen.rows = Math.max(seen.rows, ids.length);
    return getMany(ids);
  };
  const sandbox = createSetExpander({ deleteJqPaths: createDeleteJqPaths() });
  const expander: SetExpander = {
    expand: (...input) => {
      seen.expanded += 1;
      return sandbox.expand(...input);
    },
  };
  const { clock: _still, ...rest } = memory;
  const plan = planChange({
    ...rest,
    clock: Date.now,
    snapshots: createSnapshots(memory.blobs),
    indexes: createPlanIndexes(memory.blobs),
    openRepository: repositories.open,
    expander,
    toolVersions: {},
  });
  const push = async (files: Record<string, string>) => {
    const commit = await host.commitFiles(name, MAIN, files, 'Change');
    memory.sent.renders.length = 0;
    seen.expanded = 0;
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    await plan({ version: 1, repository: url, ref: MAIN, cause: 'push', commit });
    const used = process.cpuUsage(cpu);
    const renders = memory.sent.renders.flatMap(({ message }) => message.renderKeys).length;
    return {
      wall: performance.now() - start,
      cpu: (used.user + used.system) / 1_000,
      renders,
      expanded: seen.expanded,
    };
  };
  return { push, url, seen };
};

const benchApplications = async (count: number): Promise<void> => {
  const before = heapMiB();
  const { push, url, seen } = await createFleet(`fleet-${count}`);
  const names = Array.from({ length: count }, (_, at) => `app-${at}`);
  const files = (value: string) => names.map((name) => [`workloads/${name}/config.yaml`, configMap(name, value)]);
  const documents = names.map((name) => [`apps/${name}.yaml`, application(url, name)]);
  const first = await push(Object.fromEntries([...documents, ...files('first')]));
  await push({ 'workloads/app-0/config.yaml': configMap('app-0', 'warm') });
  const runs = [];
  for (let at = 0; at < Number(values.pushes); at++) {
    runs.push(await push({ 'workloads/app-1/config.yaml': configMap('app-1', `change ${at}`) }));
  }
  const heap = heapMiB() - before;
  const all = await push(Object.fromEntries(files('all')));
  console.log(
    `${count} applications: first plan ${first.wall.toFixed(0)} ms (${first.renders} renders); one file changed ` +
      `${ms(runs.map(({ wall }) => wall))}, CPU ${ms(runs.map(({ cpu }) => cpu))}, ${Math.max(...runs.map(({ renders }) => renders))} render; ` +
      `all changed ${all.wall.toFixed(0)} ms (${all.renders} renders); heap kept ${heap.toFixed(0)} MiB with all rows in memory; ` +
      `at most ${seen.rows} rows read at once`,
  );
};

const benchSets = async (count: number): Promise<void> => {
  const { push, url } = await createFleet(`sets-${count}`);
  const sets = Array.from({ length: 100 }, (_, at) => [`apps/set-${at}.yaml`, set(url, `set-${at}`, count / 100)]);
  await push(Object.fromEntries([['workloads/app-0/config.yaml', configMap('app-0', 'one')], ...sets]));
  const runs = [];
  for (let at = 1; at <= 3; at++) runs.push(await push({ 'apps/set-7.yaml': set(url, 'set-7', count / 100 + at) }));
  const expanded = Math.max(...runs.map((run) => run.expanded));
  console.log(
    `${count} applications of 100 ApplicationSets: one set changed ${ms(runs.map(({ wall }) => wall))}, CPU ${ms(runs.map(({ cpu }) => cpu))}, ${expanded} of 100 sets expanded`,
  );
};

try {
  const counts = values.applications.split(',').map(Number);
  for (const count of counts) await benchApplications(count);
  await benchSets(counts.at(-1) ?? 10_000);
} finally {
  await repositories.close();
  await host.close();
  rmSync(dir, { recursive: true, force: true });
}

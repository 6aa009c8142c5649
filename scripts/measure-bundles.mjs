// Prints what every function's bundle weighs and how long importing it takes, which is most of a cold start.
// Bundles with serverless.yml's own esbuild options, so that what is measured is what is deployed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { parse } from 'yaml';

const RUNS = 15;
const GOALS_MS = { webhook: 60 };
const DEFAULT_GOAL_MS = 250;

/** What a function must not even carry: the code to reach what its role may not, and weight that it has no use for. */
const CLUSTERS = 'src/adapters/kubernetes/';
const TOOLS = 'src/adapters/render/';
const FORGES = ['src/adapters/github/', 'src/adapters/gitlab/', '/@octokit/', '/@gitbeaker/'];
const SECRETS = '/@aws-sdk/client-secrets-manager/';
const FOREIGN = {
  webhook: [CLUSTERS, TOOLS, ...FORGES, '/yaml/', '/js-yaml/', '/@aws-sdk/client-s3/'],
  plan: [CLUSTERS, TOOLS],
  render: [CLUSTERS, TOOLS, SECRETS, ...FORGES],
  sandbox: [CLUSTERS, SECRETS, ...FORGES, '/@aws-sdk/', '/@smithy/'],
  sync: [TOOLS, SECRETS, ...FORGES],
  report: [CLUSTERS, TOOLS],
  schedule: [TOOLS],
  api: [CLUSTERS, TOOLS, SECRETS, ...FORGES],
};

const { custom, functions, provider } = parse(readFileSync('serverless.yml', 'utf8'));
const { outputFileExtension, ...options } = custom.esbuild;
const folder = mkdtempSync(join(tmpdir(), 'towline-bundles-'));

/** Milliseconds that a fresh process needs to import `file`, without Node's own start. */
const importMs = (file) => {
  const code = `const s = performance.now(); const { handler } = await import(${JSON.stringify(file)}); const ms = performance.now() - s; if (typeof handler !== "function") throw new Error("exports no handler"); process.stdout.write(String(ms)); process.exit()`;
  const env = { ...process.env, NODE_OPTIONS: provider.environment.NODE_OPTIONS };
  return Number(execFileSync('node_modules/.bin/node', ['--input-type=module', '-e', code], { encoding: 'utf8', env }));
};

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;

/** Heaviest packages of a bundle, for whoever has to find out why it grew. */
const heaviest = ({ outputs }) => {
  const sizes = new Map();
  for (const output of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const owner = path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? 'towline';
      sizes.set(owner, (sizes.get(owner) ?? 0) + bytesInOutput);
    }
  }
  const rows = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, process.argv.includes('--why') ? 25 : 3);
  return rows.map(([owner, bytes]) => `${owner} ${kib(bytes)}`).join(', ');
};

/** Files in a bundle that are not the function's to carry. */
const foreignFiles = (name, { outputs }) =>
  Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && FOREIGN[name]?.some((part) => path.includes(part)))
    .map(([path]) => path);

const measure = async (name, entry) => {
  const outfile = join(folder, `${name}${outputFileExtension}`);
  const { metafile } = await build({ ...options, entryPoints: [entry], outfile, metafile: true, logLevel: 'error' });
  const code = readFileSync(outfile);
  const goal = GOALS_MS[name] ?? DEFAULT_GOAL_MS;
  const times = Array.from({ length: RUNS }, () => importMs(outfile)).toSorted((a, b) => a - b);
  const [fastest = 0, median = 0] = [times[0], times[Math.floor(RUNS / 2)]];
  return {
    bytes: code.length,
    gzipped: gzipSync(code).length,
    fastest,
    median,
    goal,
    top: heaviest(metafile),
    foreign: foreignFiles(name, metafile),
  };
};

let failed = 0;
try {
  for (const [name, { handler }] of Object.entries(functions)) {
    try {
      const { bytes, gzipped, fastest, median, goal, top, foreign } = await measure(
        name,
        handler.replace(/\.handler$/, '.ts'),
      );
      const ok = fastest < goal; // what else the machine does can only slow it down
      // Time is printed, not judged: a busy machine must not fail a build. What a bundle carries is.
      failed += foreign.length === 0 ? 0 : 1;
      const size = `${kib(bytes).padStart(8)} ${kib(gzipped).padStart(8)} gzipped`;
      const time = `import median ${median.toFixed(0).padStart(3)} ms, fastest ${fastest.toFixed(0).padStart(3)} ms`;
      console.log(`${name.padEnd(9)}${size}  ${time} (goal < ${goal}) ${ok ? 'ok  ' : 'SLOW'}  ${top}`);
      if (foreign.length > 0) console.log(`          carries what is not its own: ${foreign.slice(0, 5).join(', ')}`);
    } catch (error) {
      failed += 1;
      console.log(`${name.padEnd(9)} does not bundle: ${error.message.split('\n').slice(0, 3).join(' ')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;

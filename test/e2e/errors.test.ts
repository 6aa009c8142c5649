import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, startTowline, stateFolder } from './harness/towline.ts';

const state = stateFolder();
afterAll(() => state.cleanUp());

const fleetFile = (name: string, text: string): string => {
  const path = join(state.path, name);
  writeFileSync(path, text);
  return path;
};

const GOOD = `apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: http://127.0.0.1:9/fleet.git, targetRevision: main, path: apps }
  repositories: [{ url: http://127.0.0.1:9/fleet.git, forge: git, webhookSecret: hook }]
  clusters: [{ name: dev, labels: { environment: dev }, embedded: true }]
`;

const run = async (args: string[], environment: Record<string, string> = {}) => {
  const towline = startTowline(args, environment);
  const code = await towline.exited;
  return { code, lines: towline.stderr().trim().split('\n') };
};

describe('what is wrong is said in one line', () => {
  it('names file, line, field and what is allowed in a fleet file, and exits with 2', async () => {
    const path = fleetFile('bad.yaml', GOOD.replace('embedded: true', 'embedded: maybe'));
    const { code, lines } = await run(['dev', '--fleet', path, '--json', '--state', state.path]);
    expect(code).toBe(2);
    expect(lines.at(-1)).toMatch(/bad\.yaml:7: spec\.clusters\[0\]\.embedded: .*maybe/);
  });

  it('names a fleet file that is not there', async () => {
    const { code, lines } = await run(['dev', '--fleet', '/nowhere/fleet.yaml', '--json']);
    expect(code).toBe(2);
    expect(lines).toEqual([expect.stringContaining('/nowhere/fleet.yaml')]);
  });

  it('names a kubeconfig that is not where the fleet file says, as seen from the fleet file', async () => {
    const path = fleetFile('away.yaml', GOOD.replace('embedded: true', 'kubeconfig: { path: ./away, context: kind }'));
    const { code, lines } = await run(['dev', '--fleet', path, '--json', '--state', state.path]);
    expect(code).toBe(2);
    expect(lines.at(-1)).toMatch(/away\.yaml:7: spec\.clusters\[0\]\.kubeconfig: .*cannot be read \(ENOENT\)/);
    expect(lines.at(-1)).toContain(join(state.path, 'away'));
  });

  it('names the variable of a secret that is not set', async () => {
    const path = fleetFile('good.yaml', GOOD);
    const { code, lines } = await run([
      'dev',
      '--fleet',
      path,
      '--json',
      '--port',
      '0',
      '--state',
      join(state.path, 's1'),
    ]);
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining('TOWLINE_SECRET_HOOK')]);
  });

  it('refuses to start with an empty webhook secret', async () => {
    const path = fleetFile('good.yaml', GOOD);
    const { code, lines } = await run(
      ['dev', '--fleet', path, '--json', '--port', '0', '--state', join(state.path, 's2')],
      { TOWLINE_SECRET_HOOK: '' },
    );
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining('empty')]);
  });

  it('names a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const path = fleetFile('good.yaml', GOOD);
    const { code, lines } = await run(
      ['dev', '--fleet', path, '--json', '--port', String(port), '--state', join(state.path, 's3')],
      { TOWLINE_SECRET_HOOK: 's' },
    );
    server.close();
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`port ${port} is in use`)]);
  });

  it('names a state directory that cannot be written', async () => {
    const path = fleetFile('good.yaml', GOOD);
    const { code, lines } = await run(
      ['dev', '--fleet', path, '--json', '--port', '0', '--state', join(path, 'below-a-file')],
      { TOWLINE_SECRET_HOOK: 's' },
    );
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining('below-a-file')]);
  });

  it('says which command there is not, and which was probably meant', async () => {
    const { code, lines } = await run(['helth']);
    expect(code).toBe(2);
    expect(lines[0]).toBe('towline: no command "helth"; did you mean health?');
  });

  it('says that git is missing', async () => {
    const nothing = join(state.path, 'no-programs');
    mkdirSync(nothing);
    const { code, lines } = await run(['demo', '--json', '--port', '0', '--state', join(state.path, 's4')], {
      PATH: nothing,
    });
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/git is not installed.*: install git 2/)]);
  });
});

/** A clone whose dependencies are not installed, and cannot be: nobody answers at the registry. */
const freshClone = (): string => {
  const clone = join(state.path, 'clone');
  for (const file of ['src/cli/towline.mjs', 'scripts/install.mjs']) cpSync(join(ROOT, file), join(clone, file));
  const dependencies = { 'left-pad': '1.3.0' };
  const resolved = 'http://127.0.0.1:9/left-pad/-/left-pad-1.3.0.tgz';
  const packages = { '': { dependencies }, 'node_modules/left-pad': { version: '1.3.0', resolved } };
  const named = { name: 'clone', version: '1.0.0' };
  writeFileSync(join(clone, 'package.json'), JSON.stringify({ ...named, type: 'module', dependencies }));
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ ...named, lockfileVersion: 3, packages }));
  return clone;
};

describe('an installation that fails', () => {
  const clone = freshClone();
  const environment = { HOME: state.path, npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' };
  const start = (path: string | undefined) =>
    spawnSync(process.execPath, [join(clone, 'src/cli/towline.mjs'), 'demo'], {
      env: { ...environment, PATH: path },
      encoding: 'utf8',
    });

  it.each([
    ['names the registry that does not answer', process.env.PATH, /127\.0\.0\.1:9/],
    ['names npm where there is none', '/nonexistent', /npm is not on PATH/],
  ])('%s in one line', (_what, path, cause) => {
    const { status, stdout, stderr } = start(path);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    const [first, ...rest] = stderr.trim().split('\n');
    expect(first).toContain('installing dependencies');
    expect(rest).toEqual([expect.stringMatching(/^towline: npm ci failed: /)]);
    expect(rest[0]).toMatch(cause);
  });
});

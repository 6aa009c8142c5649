import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startTowline, stateFolder } from './harness/towline.ts';

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

  it('says which command there is not', async () => {
    const { code, lines } = await run(['depart']);
    expect(code).toBe(2);
    expect(lines[0]).toContain('depart');
  });
});

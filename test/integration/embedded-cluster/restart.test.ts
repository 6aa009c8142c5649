import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from './client.ts';
import { apply, call, startCluster, watchEvents } from './client.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'towline-embedded-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const path = '/api/v1/namespaces/default/configmaps';

const startProcess = async (): Promise<{ client: Client; child: ChildProcess }> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run-cluster.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { client: JSON.parse(String(line)), child };
};

test('whatever was answered survives kill -9, with the same address, token and certificate', async () => {
  const { client, child } = await startProcess();
  const writing = Array.from({ length: 200 }, async (_, index) => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `m${index}` }, data: { a: 'b' } };
    const answer = await apply(client, `${path}/m${index}`, body).catch(() => undefined);
    // Killed in the middle of it all.
    if (index === 100) child.kill('SIGKILL');
    return answer?.status === 201 ? `m${index}` : undefined;
  });
  const answered = (await Promise.all(writing)).filter((name) => name !== undefined);
  await (child.signalCode === null ? once(child, 'exit') : undefined);
  const again = await startCluster(dir);
  try {
    expect(again).toMatchObject({ ...client });
    const { body } = await call(again, 'GET', path);
    const names = body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    expect(answered.length).toBeGreaterThan(0);
    expect(names).toEqual(expect.arrayContaining(answered));
  } finally {
    await again.close();
  }
});

test('versions go on, and a watch from before is told that its history is gone', async () => {
  const first = await startCluster(dir);
  const made = await call(first, 'POST', path, { metadata: { name: 'a' } });
  await call(first, 'POST', path, { metadata: { name: 'b' } });
  await first.close();
  const again = await startCluster(dir);
  try {
    const [event] = await watchEvents(
      again,
      `${path}?watch=true&resourceVersion=${made.body.metadata.resourceVersion}`,
      1,
    );
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    const later = await call(again, 'POST', path, { metadata: { name: 'c' } });
    expect(Number(later.body.metadata.resourceVersion)).toBeGreaterThan(Number(made.body.metadata.resourceVersion));
  } finally {
    await again.close();
  }
});

test('a workload that was waiting gets ready after a restart', async () => {
  const pod = {
    metadata: { name: 'p', annotations: { 'towline.dev/ready-after': '300ms' } },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  };
  const first = await startCluster(dir);
  await call(first, 'POST', '/api/v1/namespaces/default/pods', pod);
  await first.close();
  const again = await startCluster(dir);
  try {
    const events = await watchEvents(again, '/api/v1/namespaces/default/pods?watch=true', 2);
    expect(events.at(-1)).toMatchObject({ object: { status: { phase: 'Running' } } });
  } finally {
    await again.close();
  }
});

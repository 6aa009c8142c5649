import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlanePrograms } from './build.ts';
import { kubeconfigText, makeCertificates } from './certificates.ts';
import {
  apiServerFlags,
  auditFlags,
  auditPolicy,
  controllerManagerFlags,
  etcdFlags,
  fakeNode,
  kwokFlags,
  schedulerFlags,
} from './flags.ts';
import { freePorts } from './free-ports.ts';

export interface ControlPlane {
  url: string;
  /** Path of an administrator's kubeconfig. */
  kubeconfig: string;
  stop(): Promise<void>;
}

interface Api {
  url: string;
  token: string;
  ca: string;
}

/** One call; the status, 0 while nobody answers. */
const call = (api: Api, method: string, path: string, body?: unknown): Promise<number> =>
  new Promise((resolve) => {
    const headers = { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' };
    const outgoing = request(`${api.url}${path}`, { method, headers, ca: api.ca, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.on('error', () => resolve(0));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });

const until = async (what: string, dir: string, done: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 180_000;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen within 180 s; see the logs in ${dir}`);
    await sleep(100);
  }
};

const stopAll = async (children: ChildProcess[]): Promise<void> => {
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await once(child, 'exit');
    clearTimeout(timer);
  }
};

const writeKeys = async (dir: string, url: string): Promise<Api> => {
  await makeCertificates(dir);
  const token = randomBytes(16).toString('hex');
  const ca = await readFile(join(dir, 'ca.crt'), 'utf8');
  await writeFile(join(dir, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  await writeFile(join(dir, 'kubeconfig'), kubeconfigText(url, ca, { token }), { mode: 0o600 });
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    const user = { 'client-certificate': `${name}.crt`, 'client-key': `${name}.key` };
    await writeFile(join(dir, `${name}.kubeconfig`), kubeconfigText(url, ca, user));
  }
  return { url, token, ca };
};

/**
 * Starts the programs on free loopback ports, with everything they write in `dir`; answers when pods can run. With `audit`
 * the writes made with the kubeconfig are in `audit.log` there.
 */
export const startControlPlane = async (
  programs: ControlPlanePrograms,
  dir: string,
  { audit = false }: { audit?: boolean } = {},
): Promise<ControlPlane> => {
  await mkdir(dir, { recursive: true });
  if (audit) await writeFile(join(dir, 'audit-policy.json'), JSON.stringify(auditPolicy));
  const [etcd = 0, peer = 0, port = 0] = await freePorts(3);
  const ports = { etcd, peer, api: port };
  const url = `https://127.0.0.1:${port}`;
  const api = await writeKeys(dir, url);
  const children: ChildProcess[] = [];
  const start = (program: string, flags: string[]): void => {
    const log = openSync(join(dir, `${program}.log`), 'a');
    children.push(spawn(join(programs.bin, program), flags, { cwd: dir, stdio: ['ignore', log, log] }));
  };
  const stop = () => stopAll(children);
  try {
    start('etcd', etcdFlags(ports));
    start('kube-apiserver', [...apiServerFlags(ports), ...(audit ? auditFlags() : [])]);
    await until('kube-apiserver ready', dir, async () => (await call(api, 'GET', '/readyz')) === 200);
    if (programs.controllers) {
      start('kube-controller-manager', controllerManagerFlags());
      start('kube-scheduler', schedulerFlags());
      const account = '/api/v1/namespaces/default/serviceaccounts/default';
      await until('the default ServiceAccount', dir, async () => (await call(api, 'GET', account)) === 200);
    }
    if (programs.kwokStages) {
      await call(api, 'POST', '/api/v1/nodes', fakeNode);
      start('kwok', kwokFlags(programs.kwokStages));
    }
    return { url, kubeconfig: join(dir, 'kubeconfig'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const kubernetesVersion = 'v1.35.4';
const kwokVersion = 'v0.8.0';
const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');
const versionFlags = Object.entries({ gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor })
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ');

/** Where the programs are. A control plane out of KUBEBUILDER_ASSETS has no controllers and no kwok. */
export interface ControlPlanePrograms {
  bin: string;
  controllers: boolean;
  kwokStages?: string;
}

const goEnvironment = (bin: string): NodeJS.ProcessEnv => ({
  ...process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-p=2 -buildvcs=false',
  GOBIN: bin,
});

const buildPrograms = async (source: string, bin: string): Promise<void> => {
  const target = join(bin, 'control-plane');
  const flags = ['-trimpath', '-ldflags', `-s -w ${versionFlags}`];
  await run('go', ['build', ...flags, '-o', target, '.'], { cwd: source, env: goEnvironment(bin) });
  for (const program of programs) {
    if (!existsSync(join(bin, program))) await symlink('control-plane', join(bin, program));
  }
};

/** kwok has no stages built in; its module carries the usual ones as files. */
const buildKwok = async (bin: string): Promise<void> => {
  const env = goEnvironment(bin);
  const module = `sigs.k8s.io/kwok@${kwokVersion}`;
  await run('go', ['install', '-trimpath', '-ldflags', '-s -w', module.replace('@', '/cmd/kwok@')], { env });
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { env });
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  const stages = [
    'pod/fast/pod-ready.yaml',
    'pod/fast/pod-complete.yaml',
    'pod/fast/pod-delete.yaml',
    'node/fast/node-initialize.yaml',
    'node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
  ];
  const texts = await Promise.all(stages.map((stage) => readFile(join(Dir, 'kustomize/stage', stage), 'utf8')));
  await writeFile(join(bin, 'stages.yaml'), texts.join('\n---\n'));
};

const digestOf = async (source: string): Promise<string> => {
  const hash = createHash('sha256').update(kwokVersion).update(versionFlags);
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(await readFile(join(source, file)));
  return hash.digest('hex');
};

/**
 * Builds etcd, the Kubernetes control plane and kwok with Go into `cache`, once per version (minutes the first time).
 * With KUBEBUILDER_ASSETS in `env`, nothing is built.
 */
export const controlPlanePrograms = async (
  cache: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<ControlPlanePrograms> => {
  if (env.KUBEBUILDER_ASSETS) return { bin: env.KUBEBUILDER_ASSETS, controllers: false };
  const bin = join(cache, 'bin');
  const stamp = join(bin, 'built');
  const digest = await digestOf(import.meta.dirname);
  if (!existsSync(stamp) || (await readFile(stamp, 'utf8')) !== digest) {
    say(`building Kubernetes ${kubernetesVersion} and kwok ${kwokVersion} with Go into ${bin}: several minutes, once`);
    await mkdir(bin, { recursive: true });
    await buildPrograms(import.meta.dirname, bin);
    await buildKwok(bin);
    await writeFile(stamp, digest);
  }
  return { bin, controllers: true, kwokStages: join(bin, 'stages.yaml') };
};

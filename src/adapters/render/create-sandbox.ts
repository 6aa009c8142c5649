import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HelmRequest, RenderError, RenderResult, ToolBundle } from '../../domain/sources/bundle.ts';
import type { Sandbox } from '../../ports/sandbox.ts';
import { isSafePath, type RenderFolder, removeFolder, writeBundle } from './bundle-folder.ts';
import { chartFault } from './check-chart.ts';
import { readOutput } from './read-output.ts';
import { runTool, type ToolOutcome } from './run-tool.ts';
import { startAhead } from './start-ahead.ts';
import { helmArguments, kustomizeArguments, toolEnvironment, type ValueCopies, valueCopies } from './tool-arguments.ts';
import { toRenderError } from './tool-message.ts';

export interface SandboxConfig {
  /** Absolute paths of the tools. */
  helm: string;
  kubectl: string;
  /** A folder that renders may write below. */
  temporary: string;
  /** Milliseconds that one render may take; 30,000 by default. */
  deadlineMilliseconds?: number;
  /** Bytes that a tool may print; 50 MiB by default. */
  stdoutBytes?: number;
  /** Milliseconds after a Kustomize render at which the next one's process is started ahead; default: it is not. */
  aheadAfterMilliseconds?: number;
  /** Tell which template each object of a chart comes from; default: not. */
  withOrigins?: boolean;
}

const DEADLINE_MILLISECONDS = 30_000;
const STDOUT_BYTES = 52_428_800;

/**
 * The sandbox that really runs helm and kubectl: each render in a fresh folder that it cannot tell from a repository,
 * with an empty environment and caps on time, memory and output. It must itself run where there is nothing to be had.
 */
export const createSandbox = (config: SandboxConfig): Sandbox => {
  const renderEarly = earlyRenders(config);
  return {
    render: async (bundle) => {
      const fault = faultOf(bundle);
      if (fault !== undefined) return { ok: false, error: { code: 'bundle-invalid', message: fault } };
      const refused = bundle.render.tool === 'helm' ? chartFault(bundle.files, bundle.render) : undefined;
      if (refused) return { ok: false, error: refused };
      const early = await renderEarly(bundle);
      if (early) return early;
      const folder = await writeBundle(config.temporary, bundle.files);
      try {
        return await renderIn(config, folder, bundle);
      } finally {
        await removeFolder(folder);
      }
    },
  };
};

/** Renders with a process that was started ahead; undefined: there is none, or it has to be done the usual way. */
const earlyRenders = (config: SandboxConfig): ((bundle: ToolBundle) => Promise<RenderResult | undefined>) => {
  const { aheadAfterMilliseconds } = config;
  if (aheadAfterMilliseconds === undefined) return () => Promise.resolve(undefined);
  const ahead = startAhead({ ...config, ...limitsOf(config) });
  return async (bundle) => {
    if (bundle.render.tool !== 'kustomize') return undefined;
    const outcome = await ahead.run(bundle.files, bundle.render);
    setTimeout(ahead.prepare, aheadAfterMilliseconds).unref();
    if (outcome?.ended === 'timeout' || outcome?.ended === 'too-large')
      return { ok: false, error: unfinished(outcome, config, bundle) };
    // What else goes wrong is found out the usual way, and told in its words.
    return outcome?.ended === 'exit' && outcome.code === 0 ? readOutput(outcome.stdout) : undefined;
  };
};

const limitsOf = (config: SandboxConfig) => ({
  deadlineMilliseconds: config.deadlineMilliseconds ?? DEADLINE_MILLISECONDS,
  stdoutBytes: config.stdoutBytes ?? STDOUT_BYTES,
});

const RELEASE_NAME = /^[a-z0-9](?:[-a-z0-9.]{0,51}[a-z0-9])?$/;
const NAMESPACE = /^(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)?$/;

/** What of a bundle must not reach a disk or a command line. */
const faultOf = ({ files, render }: ToolBundle): string | undefined => {
  const unsafe = Object.keys(files).find((path) => !isSafePath(path));
  if (unsafe !== undefined) return `${JSON.stringify(unsafe)} is no path that a render may write`;
  if (render.path !== '' && !isSafePath(render.path)) return `${JSON.stringify(render.path)} is no directory`;
  if (render.tool === 'kustomize') return undefined;
  if (!RELEASE_NAME.test(render.releaseName)) {
    return `release name ${render.releaseName} is none: at most 53 of a-z, 0-9 and -: set helm.releaseName`;
  }
  if (!NAMESPACE.test(render.namespace)) return `namespace ${render.namespace} is none`;
  const named = [...render.valueFiles, ...render.fileParameters.map(({ path }) => path)];
  const missing = named.find((path) => !Object.hasOwn(files, path));
  return missing === undefined ? undefined : `${missing} is not in the bundle`;
};

const renderIn = async (config: SandboxConfig, folder: RenderFolder, bundle: ToolBundle): Promise<RenderResult> => {
  const { render } = bundle;
  const copies = render.tool === 'helm' ? await copyValues(render, folder) : undefined;
  const args = render.tool === 'helm' ? helmArguments(render, folder, copies ?? NO_COPIES) : kustomizeArguments(render);
  const tooLong = tooLongFor(args);
  if (tooLong !== undefined) return { ok: false, error: { code: 'bundle-too-large', message: tooLong } };
  const outcome = await runTool({
    command: render.tool === 'helm' ? config.helm : config.kubectl,
    args,
    cwd: folder.repository,
    environment: toolEnvironment(folder),
    ...limitsOf(config),
  });
  if (outcome.ended !== 'exit') return { ok: false, error: unfinished(outcome, config, bundle) };
  if (outcome.code === 0) return readOutput(outcome.stdout, config);
  const context = { folder, request: render, files: Object.keys(bundle.files), ...(copies ? { copies } : {}) };
  return { ok: false, error: toRenderError(outcome.stderr, context) };
};

/** Bytes of one argument and of all, a little below what Linux starts a process with. */
const ARGUMENT_BYTES = { one: 130_000, all: 1_900_000 };

/** What of a command line no process would be started with. */
const tooLongFor = (args: readonly string[]): string | undefined => {
  const sizes = args.map((arg) => Buffer.byteLength(arg) + 1);
  const longest = args[sizes.findIndex((size) => size > ARGUMENT_BYTES.one)];
  const all = sizes.reduce((sum, size) => sum + size + 8, 0);
  if (longest === undefined && all <= ARGUMENT_BYTES.all) return undefined;
  const which = longest === undefined ? 'all parameters together' : JSON.stringify(longest.slice(0, 40));
  const [bytes, limit] = longest === undefined ? [all, ARGUMENT_BYTES.all] : [longest.length, ARGUMENT_BYTES.one];
  return `helm.parameters: ${which} has ${bytes} bytes, a command line takes ${limit}: use helm.valuesObject`;
};

const NO_COPIES: ValueCopies = { values: [], parameters: [] };

const copyValues = async (request: HelmRequest, folder: RenderFolder): Promise<ValueCopies> => {
  const copies = valueCopies(request);
  await Promise.all(
    [...copies.values, ...copies.parameters].map(({ from, name }) =>
      copyFile(join(folder.repository, from), join(folder.values, name)),
    ),
  );
  if (copies.inline !== undefined) await writeFile(join(folder.values, copies.inline), request.values ?? '');
  return copies;
};

const unfinished = (
  outcome: Exclude<ToolOutcome, { ended: 'exit' }>,
  config: SandboxConfig,
  { render }: ToolBundle,
): RenderError => {
  const what = `${render.tool} ${render.path || '.'}`;
  switch (outcome.ended) {
    case 'timeout': {
      const seconds = (config.deadlineMilliseconds ?? DEADLINE_MILLISECONDS) / 1_000;
      return { code: 'render-timeout', message: `${what} took more than ${seconds} s and was stopped` };
    }
    case 'too-large': {
      const bytes = config.stdoutBytes ?? STDOUT_BYTES;
      return { code: 'render-too-large', message: `${what} printed more than ${bytes} bytes and was stopped` };
    }
    case 'killed':
      return {
        code: 'render-failed',
        message: `${what} was killed (${outcome.signal}): it used too much memory or time`,
      };
    case 'missing': {
      const command = render.tool === 'helm' ? 'helm (TOWLINE_HELM)' : 'kubectl (TOWLINE_KUBECTL)';
      return { code: 'tool-missing', message: `${what}: ${command} is not installed where Towline runs` };
    }
  }
};

import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle, KustomizeRequest } from '../../domain/sources/bundle.ts';
import { makeFolder, type RenderFolder, removeFolder, writeFiles } from './bundle-folder.ts';
import { type StartedTool, startTool, type ToolOutcome } from './run-tool.ts';
import { kustomizeArguments, toolEnvironment } from './tool-arguments.ts';

export interface AheadConfig {
  kubectl: string;
  temporary: string;
  deadlineMilliseconds: number;
  stdoutBytes: number;
}

/** A kubectl that has started and waits, in a folder of its own, which holds nothing yet. */
interface Ready {
  folder: RenderFolder;
  tool: StartedTool;
}

/** Where the waiting kubectl looks for what it is to render: a link that comes last. */
const LINK = 'kustomization-root';
const PREFERENCES = 'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n';
/** A process that nobody has had use for in this time is ended. */
const IDLE_MILLISECONDS = 10 * 60_000;

/**
 * Starts one `kubectl kustomize` ahead of its render: of the 50 ms that a small render takes, 45 are kubectl's start. It
 * waits by reading its preferences (KUBERC, kubectl 1.33 and later) from standard input, before it looks at any file; each
 * process renders one bundle, in a folder and with caps of its own, as any other. A kubectl that does not wait fails for
 * want of the link.
 */
export const startAhead = (config: AheadConfig) => {
  let ready: Promise<Ready> | undefined;
  let idle: NodeJS.Timeout | undefined;
  const take = (): Promise<Ready> | undefined => {
    const taken = ready;
    ready = undefined;
    clearTimeout(idle);
    return taken;
  };
  return {
    /** Starts the next render's process, unless one waits already. */
    prepare: (): void => {
      if (ready) return;
      ready = startWaiting(config);
      ready.catch(() => {
        ready = undefined;
      });
      idle = setTimeout(() => void take()?.then(discard), IDLE_MILLISECONDS).unref();
    },
    /** Renders with the process that waits; undefined: there is none, or its folder could not be written. */
    run: async (files: Bundle['files'], { path }: KustomizeRequest): Promise<ToolOutcome | undefined> => {
      const taken = await take()?.catch(() => undefined);
      if (!taken) return undefined;
      const outcome = await renderWith(taken, files, path);
      await discard(taken);
      return outcome;
    },
  };
};

const renderWith = async (
  { folder, tool }: Ready,
  files: Bundle['files'],
  path: string,
): Promise<ToolOutcome | undefined> => {
  try {
    await writeFiles(folder, files);
    await symlink(join(folder.repository, path), join(folder.root, LINK));
  } catch {
    return undefined;
  }
  tool.feed(PREFERENCES);
  return tool.ended;
};

const discard = async ({ folder, tool }: Ready): Promise<void> => {
  tool.stop();
  await tool.ended;
  await removeFolder(folder);
};

const startWaiting = async (config: AheadConfig): Promise<Ready> => {
  const folder = await makeFolder(config.temporary);
  const tool = startTool({
    command: config.kubectl,
    args: kustomizeArguments({ tool: 'kustomize', path: LINK }),
    cwd: folder.root,
    environment: { ...toolEnvironment(folder), KUBERC: '/dev/stdin' },
    deadlineMilliseconds: config.deadlineMilliseconds,
    stdoutBytes: config.stdoutBytes,
  });
  return { folder, tool };
};

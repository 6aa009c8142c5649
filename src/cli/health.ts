import { parseArgs } from 'node:util';
import { createRunHealthScript } from '../adapters/lua/run-health-script.ts';
import { AppError, permanent } from '../domain/errors.ts';
import { assessHealth, type HealthOverrides } from '../domain/health/health.ts';
import type { Health } from '../domain/health/health-status.ts';
import { healthOverrides } from '../domain/health/overrides.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import { readObjects } from './read-objects.ts';
import { readSettings } from './read-settings.ts';

/** What `towline health --help` prints. */
export const HEALTH_USAGE = `Usage: towline health -f FILE [--settings FILE] [-o json]

Tells the health of Kubernetes objects from their own status, as a sync does.

  -f, --filename FILE   YAML, JSON or one JSON object a line; - is standard input. May be repeated
      --settings FILE   Argo CD's argocd-cm, for its health scripts
  -o, --output FORMAT   text (default) or json: one object a line, "status": null where a kind has no health
`;

export interface RunHealthInput {
  /** What follows `health` on the command line. */
  args: readonly string[];
  /** Reads a file's text; '-' is standard input. */
  readFile: (path: string) => Promise<string>;
  write: (text: string) => void;
  /** Where errors and usage go; `write` unless given. */
  writeError?: (text: string) => void;
  clock?: () => number;
}

/**
 * The body of `towline health`: one line out per object, in order. Answers with the exit code: 0, or 2 for wrong usage
 * and input that cannot be read (named with file and line). No object's health changes the exit code.
 */
export const runHealth = async (input: RunHealthInput): Promise<number> => {
  const { args, readFile, write, writeError = write, clock = Date.now } = input;
  try {
    const options = readArgs(args);
    if (options === 'help') write(HEALTH_USAGE);
    else await print(options, { readFile, write, clock });
    return 0;
  } catch (error) {
    writeError(`towline health: ${explain(error)}\n`);
    return 2;
  }
};

interface Options {
  files: string[];
  settings: string | undefined;
  json: boolean;
}

const usage = (reason: string): Error => permanent('usage', `${reason}\n\n${HEALTH_USAGE.trimEnd()}`);

const readArgs = (args: readonly string[]): Options | 'help' => {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (positionals[0] !== undefined) throw usage(`unexpected argument ${positionals[0]}`);
  const files = values.filename ?? [];
  if (files.length === 0) throw usage('-f FILE is missing');
  const output = values.output ?? 'text';
  if (output !== 'text' && output !== 'json') throw usage(`-o is ${output}, not text or json`);
  return { files, settings: values.settings, json: output === 'json' };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        filename: { type: 'string', short: 'f', multiple: true },
        settings: { type: 'string' },
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
};

type Surroundings = Required<Pick<RunHealthInput, 'readFile' | 'write' | 'clock'>>;

const print = async ({ files, settings, json }: Options, { readFile, write, clock }: Surroundings): Promise<void> => {
  const overrides = settings === undefined ? undefined : await readOverrides(settings, readFile, clock);
  for (const file of files) {
    const name = file === '-' ? '<stdin>' : file;
    for (const object of readObjects(name, await read(file, readFile))) {
      const health = assessHealth(object, overrides);
      write(`${json ? asJson(object, health) : asText(object, health)}\n`);
    }
  }
};

const read = async (file: string, readFile: RunHealthInput['readFile']): Promise<string> => {
  try {
    return await readFile(file);
  } catch (error) {
    throw permanent('file-unreadable', `${file}: cannot be read (${codeOf(error)})`, { cause: error });
  }
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason';

const readOverrides = async (
  file: string,
  readFile: RunHealthInput['readFile'],
  clock: () => number,
): Promise<HealthOverrides> => {
  return healthOverrides(readSettings(file, await read(file, readFile)), createRunHealthScript({ clock }));
};

const asJson = (object: KubernetesObject, health: Health | undefined): string =>
  JSON.stringify({
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name ?? '',
    status: health?.status ?? null,
    message: health?.message ?? '',
  });

/** Messages may hold newlines; a line is an object. */
const asText = (object: KubernetesObject, health: Health | undefined): string =>
  [`${object.kind}/${object.metadata.name ?? ''}`, health?.status ?? '-', health?.message.replaceAll(/\s*\n\s*/g, ' ')]
    .filter(Boolean)
    .join('  ')
    .trimEnd();

const explain = (error: unknown): string => {
  if (error instanceof AppError) return error.message;
  throw error;
};

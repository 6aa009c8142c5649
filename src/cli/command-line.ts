import { stat } from 'node:fs/promises';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { AppError, rejected } from '../domain/errors.ts';
import { nearest } from '../domain/nearest-name.ts';

/** What an offline command gets from the outside. */
export interface CommandInput {
  /** What follows the command on the command line. */
  args: readonly string[];
  /** The current directory: relative paths start here, and unpacked tools are kept below it. */
  cwd: string;
  environment: Readonly<Record<string, string | undefined>>;
  write: (text: string) => void;
  /** Where errors go, one line each; `write` unless given. */
  writeError?: (text: string) => void;
}

/** Where Towline keeps its own files, in the current directory: unpacked tools and, in `towline dev`, its state. */
export const STATE_DIR = '.towline';

/**
 * The command line's options and what stands beside them. Errors: AppError `usage` (rejected).
 */
export const readOptions = <T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw usage(unknownOption(args, options) ?? (error instanceof Error ? error.message : String(error)));
  }
};

/** The first option that there is not, with the one that was probably meant. */
const unknownOption = (
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
): string | undefined => {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const unknown = tokens.find((token) => token.kind === 'option' && !Object.hasOwn(options, token.name));
  if (unknown?.kind !== 'option') return undefined;
  return `Unknown option '${unknown.rawName}'${meant(unknown.name, Object.keys(options), '--')}`;
};

/** `; did you mean X?` where a known name is close. */
const meant = (given: string, known: readonly string[], prefix = ''): string => {
  const found = nearest(given, known);
  return found === undefined ? '' : `; did you mean ${prefix}${found}?`;
};

/** A command that there is not, or none at all: AppError `usage` (rejected) with the one that was probably meant. */
export const noCommand = (group: string, given: string, known: readonly string[]): AppError =>
  usage(
    given === '' ? 'COMMAND is missing' : `there is no command ${group} ${given}${meant(given, known, `${group} `)}`,
  );

/** A wrong command line: AppError `usage` (rejected), so exit code 2. */
export const usage = (reason: string): AppError =>
  rejected('usage', `${reason}${reason.endsWith('?') ? '' : ';'} see --help`);

/** The value of `-o` among those that a command knows. Errors: AppError `usage` (rejected). */
export const outputOf = <T extends string>(given: string | undefined, known: readonly [T, ...T[]]): T => {
  if (given === undefined) return known[0];
  const found = known.find((one) => one === given);
  if (found === undefined) throw usage(`-o is ${given}, not ${known.join(' or ')}`);
  return found;
};

/** `--repo URL=DIR`, as often as it is given. Errors: AppError `usage` (rejected). */
export const readRepos = (given: readonly string[] = []): { url: string; path: string }[] =>
  given.map((text) => {
    const [, url, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (url === undefined || path === undefined) throw usage(`--repo is ${text}, not URL=DIR`);
    return { url, path };
  });

/** Input that cannot be read, so exit code 2: AppError `file-unreadable` (rejected) with the system's code. */
export const unreadable = (path: string, error: unknown): AppError => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  return rejected('file-unreadable', `${path}: cannot be read (${code})`, { cause: error });
};

/** Makes sure that a path names a directory. Errors: AppError `file-unreadable`, `not-a-directory` (rejected). */
export const checkDirectory = async (path: string): Promise<void> => {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) throw rejected('not-a-directory', `${path}: is not a directory`);
};

/** A text as one line, however it was wrapped. */
export const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').trim();

/**
 * Runs a command's body, which answers with the exit code. What is wrong with the command line or the input ends in one
 * line and 2, any other AppError in one line and 1; a defect is thrown.
 */
export const runCommand = async (name: string, input: CommandInput, body: () => Promise<number>): Promise<number> => {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    (input.writeError ?? input.write)(`towline ${name}: ${oneLine(error.message)}\n`);
    return error.kind === 'rejected' ? 2 : 1;
  }
};

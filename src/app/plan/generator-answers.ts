import { answerId, isAnswerDue } from '../../domain/answer-row.ts';
import { targetOf } from '../../domain/fleet/applicationset/forge-request.ts';
import type {
  GeneratorInputs,
  GeneratorRead,
  InputError,
  ProviderNeed,
  ProviderRead,
} from '../../domain/fleet/applicationset/generator-inputs.ts';
import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import { eachOf } from '../each-of.ts';
import { type AnswerDeps, askAndKeep, type KnownAnswer, loadAnswer, needOf } from '../generators/stored-answers.ts';

/** What forges and plugins have answered, as one plan sees it: each question is looked up once. */
export interface GeneratorAnswers {
  /** The last answer; asked for where there is none yet. What could not be asked is an answer, too. */
  read(need: ProviderNeed): Promise<object[] | InputError>;
  /** Looks up the answers that earlier expansions were made from; nobody is asked. */
  readAll(reads: readonly GeneratorRead[]): Promise<void>;
  /** What was looked up so far. */
  world(): Pick<GeneratorInputs, ProviderNeed['type']>;
  /** A line for each answer that is older than it should be, because nobody answers now. */
  warnings(): string[];
}

const ASKED_AT_ONCE = 8;

/** `mayAsk`: whether what was never answered is asked for; a preview takes what is known. */
export const createGeneratorAnswers = (
  deps: AnswerDeps | undefined,
  { file, mayAsk }: { file: FleetFile; mayAsk: boolean },
): GeneratorAnswers => {
  const known = new Map<string, Known>();
  const keep = (need: ProviderNeed, found: KnownAnswer | { input: InputError }): object[] | InputError => {
    known.set(answerId(need), { need, found });
    return found.input;
  };
  const read = async (need: ProviderNeed): Promise<object[] | InputError> => {
    const before = known.get(answerId(need));
    if (before) return before.found.input;
    if (!deps) return { error: 'nobody is asked here' };
    const row = await deps.answers.get(answerId(need));
    const stored = await loadAnswer(deps, row);
    if (stored && (row?.answer !== undefined || !isAnswerDue(row, { ...need }, deps.clock())))
      return keep(need, stored);
    return keep(need, mayAsk ? await askAndKeep(deps, need, file) : { input: NOT_ASKED });
  };
  return {
    read,
    readAll: async (reads) => {
      const needs = new Map(reads.filter(isProviderRead).map((one) => [answerId(one), needOf(one)]));
      if (!deps || needs.size === 0) return;
      const rows = new Map((await deps.answers.getMany([...needs.keys()])).map((row) => [row.id, row]));
      await eachOf([...needs], ASKED_AT_ONCE, async ([id, need]) => {
        const stored = 'refusal' in targetOf(need, file) ? undefined : await loadAnswer(deps, rows.get(id));
        if (stored) keep(need, stored);
      });
    },
    world: () => worldOf([...known.values()]),
    warnings: () => [...known.values()].flatMap(warningsOf),
  };
};

interface Known {
  need: ProviderNeed;
  found: KnownAnswer | { input: InputError };
}

const worldOf = (known: readonly Known[]): ReturnType<GeneratorAnswers['world']> => {
  const of = (type: ProviderNeed['type']) =>
    Object.fromEntries(known.flatMap(({ need, found }) => (need.type === type ? [[need.key, found.input]] : [])));
  return {
    pullRequests: of('pullRequests') as GeneratorInputs['pullRequests'],
    scmRepositories: of('scmRepositories') as GeneratorInputs['scmRepositories'],
    plugins: of('plugins') as GeneratorInputs['plugins'],
  };
};

const warningsOf = ({ found }: Known): string[] => {
  if (!('row' in found) || 'error' in found.input || !found.row.failure) return [];
  const { message, since } = found.row.failure;
  return [`${message}; since ${new Date(since).toISOString()} generators see the last answer`];
};

const NOT_ASKED: InputError = { error: 'it is not asked for a preview: it is asked once the set is in the fleet' };

/** Whether a read is one of somebody else than Git or the fleet. */
export const isProviderRead = (read: GeneratorRead): read is ProviderRead =>
  read.type === 'pullRequests' || read.type === 'scmRepositories' || read.type === 'plugins';

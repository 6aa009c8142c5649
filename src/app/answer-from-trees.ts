import { type Answer, gitInput } from '../domain/fleet/applicationset/answer-needs.ts';
import type { GitInput, InputError, ProviderNeed } from '../domain/fleet/applicationset/generator-inputs.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import type { AnswerNeed } from './expand-set.ts';

/** The commit that stands for a repository at a revision. */
export interface GeneratorTree {
  tree: Tree;
  readBlobs: Repository['readBlobs'];
}

interface Sources {
  treeAt(at: { repoURL: string; revision: string }): Promise<GeneratorTree | InputError>;
  /** What whoever is no Git repository answers; an error says whom it would take. */
  others(need: ProviderNeed): Promise<object[] | InputError>;
}

/** Answers git generators from commits' trees. Errors: those of `treeAt` and of the repositories. */
export const answerFromTrees =
  ({ treeAt, others }: Sources): AnswerNeed =>
  async (need) => {
    if (need.type !== 'git' && need.type !== 'gitFiles') return answered(need, await others(need));
    const at = await treeAt(need);
    if ('error' in at) return { ...need, input: at };
    if (need.type === 'git') return { ...need, input: listingOf(at.tree) };
    return { ...need, input: await readTexts(at, need.paths) };
  };

/** Each kind of question has its kind of answers, which whoever answers has seen to. */
const answered = (need: ProviderNeed, input: object[] | InputError): Answer => ({ ...need, input }) as Answer;

const listings = new WeakMap<Tree['entries'], GitInput>();

/** A tree's paths as git generators see them: listed once for each tree. */
export const listingOf = ({ entries }: Pick<Tree, 'entries'>): GitInput => {
  const known = listings.get(entries);
  if (known) return known;
  const files = [...entries.values()].filter(({ mode }) => mode === 'file' || mode === 'executable');
  const listing = gitInput(files.map(({ path }) => path));
  listings.set(entries, listing);
  return listing;
};

const readTexts = async (
  { tree, readBlobs }: GeneratorTree,
  paths: readonly string[],
): Promise<Record<string, string>> => {
  const entries = paths.flatMap((path) => tree.entries.get(path) ?? []);
  const blobs = await readBlobs(entries.map(({ digest }) => digest));
  const texts = entries.map(({ path, digest }) => [path, Buffer.from(blobs.get(digest) ?? []).toString('utf8')]);
  return Object.fromEntries(texts);
};

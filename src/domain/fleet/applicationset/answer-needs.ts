import {
  type GeneratorInputs,
  type GitInput,
  gitKey,
  type InputError,
  isInputError,
  type Need,
  type ProviderNeed,
  type ProviderType,
  type PullRequest,
  type ScmRepository,
} from './generator-inputs.ts';

/** A tree as git generators see it, out of the paths of a commit's files; contents come when they are asked for. */
export const gitInput = (files: readonly string[]): GitInput => {
  const directories = new Set<string>();
  for (const file of files) {
    for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
      if (directories.has(file.slice(0, end))) break;
      directories.add(file.slice(0, end));
    }
  }
  return { directories: inWalkOrder(directories), files: [...files], contents: {} };
};

/** A directory's own come right after it, as they do where a tree is walked: `a`, `a/b`, `a-b`. */
const inWalkOrder = (directories: ReadonlySet<string>): string[] =>
  [...directories]
    .map((path) => path.replaceAll('/', '\0'))
    .sort()
    .map((path) => path.replaceAll('\0', '/'));

type Answered<Type extends ProviderType, Input> = ProviderNeed & { type: Type; input: Input | InputError };
type AnsweredGit<Type extends 'git' | 'gitFiles', Input> = Extract<Need, { type: Type }> & {
  input: Input | InputError;
};

/** A need together with what was read for it: `{ ...need, input }`. */
export type Answer =
  | AnsweredGit<'git', GitInput>
  | AnsweredGit<'gitFiles', Record<string, string>>
  | Answered<'pullRequests', PullRequest[]>
  | Answered<'scmRepositories', ScmRepository[]>
  | Answered<'plugins', Record<string, unknown>[]>;

/**
 * The inputs with one more answer among them. Neither argument is changed. A file that could not be read fails the whole
 * tree, so that no set is expanded from half of it.
 */
export const withAnswer = (inputs: GeneratorInputs, answer: Answer): GeneratorInputs => {
  switch (answer.type) {
    case 'git':
      return { ...inputs, git: { ...inputs.git, [gitKey(answer)]: answer.input } };
    case 'gitFiles': {
      const key = gitKey(answer);
      return { ...inputs, git: { ...inputs.git, [key]: withFiles(inputs.git[key], answer.input) } };
    }
    case 'pullRequests':
      return { ...inputs, pullRequests: { ...inputs.pullRequests, [answer.key]: answer.input } };
    case 'scmRepositories':
      return { ...inputs, scmRepositories: { ...inputs.scmRepositories, [answer.key]: answer.input } };
    case 'plugins':
      return { ...inputs, plugins: { ...inputs.plugins, [answer.key]: answer.input } };
  }
};

const withFiles = (
  tree: GitInput | InputError | undefined,
  files: Record<string, string> | InputError,
): GitInput | InputError => {
  if (!tree || isInputError(tree)) return tree ?? { error: 'the tree was not read' };
  return isInputError(files) ? files : { ...tree, contents: { ...tree.contents, ...files } };
};

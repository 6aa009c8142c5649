import * as v from 'valibot';
import { askForge } from '../app/generators/ask-provider.ts';
import { permanent, rejected } from '../domain/errors.ts';
import { questionOf } from '../domain/fleet/applicationset/forge-request.ts';
import type { ProviderNeed } from '../domain/fleet/applicationset/generator-inputs.ts';
import { formatProblem } from '../domain/problem.ts';
import { stableText } from '../domain/stable-digest.ts';
import { validateDocument } from '../domain/validate-document.ts';
import { readYaml } from '../domain/yaml-document.ts';
import type { ForgeLists, ListedRepository } from '../ports/forge-lists.ts';
import { unreadable } from './command-line.ts';

/** Answers what asks a forge or a plugin. Errors: AppError `generator-online` (permanent) where nothing is known. */
export type AnswerProvider = (need: ProviderNeed) => Promise<object[]>;

const texts = v.optional(v.array(v.string()), []);

const PullRequestSchema = v.object({
  number: v.number(),
  title: v.optional(v.string(), ''),
  branch: v.string(),
  targetBranch: v.optional(v.string(), 'main'),
  headSHA: v.string(),
  author: v.optional(v.string(), ''),
  labels: texts,
});

const RepositorySchema = v.object({
  organization: v.optional(v.string()),
  repository: v.string(),
  repositoryId: v.optional(v.union([v.number(), v.string()])),
  url: v.string(),
  branch: v.string(),
  sha: v.string(),
  labels: texts,
  /** Those that `pathsExist` and `pathsDoNotExist` are to find. */
  paths: texts,
});

const PluginSchema = v.object({
  /** Absent: whatever the plugin is asked with. */
  parameters: v.optional(v.record(v.string(), v.unknown())),
  output: v.array(v.record(v.string(), v.unknown())),
});

const AnswersSchema = v.object({
  pullRequests: v.optional(v.record(v.string(), v.array(PullRequestSchema)), {}),
  repositories: v.optional(v.record(v.string(), v.array(RepositorySchema)), {}),
  plugins: v.optional(v.record(v.string(), v.array(PluginSchema)), {}),
});

type Answers = v.InferOutput<typeof AnswersSchema>;

/** A person's file, or standard input (`-`), read by `readFile`; no file: nobody answers anything. */
export const readGivenAnswers = async (
  file: string | undefined,
  readFile: (path: string) => Promise<string>,
): Promise<AnswerProvider> => {
  if (file === undefined) return readAnswers('', undefined);
  const name = file === '-' ? '<stdin>' : file;
  const text = await readFile(file).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  return readAnswers(name, text);
};

/**
 * What a file says that forges and plugins would answer (`text` undefined: nobody answers anything). Errors: AppError
 * `answers-invalid` (rejected), naming file, line and field.
 */
export const readAnswers = (file: string, text: string | undefined): AnswerProvider => {
  const answers = text === undefined ? { pullRequests: {}, repositories: {}, plugins: {} } : parse(file, text);
  return async (need) => {
    const question = questionOf(need);
    if ('refusal' in question) throw permanent('generator-online', question.refusal);
    if ('plugin' in question) return pluginAnswer(answers, question.plugin, question.body.input.parameters);
    return askForge(listsOf(answers), need, question.request);
  };
};

const parse = (file: string, text: string): Answers => {
  const { documents, problems: syntax } = readYaml(file, text);
  const [document] = documents;
  if (!document && syntax.length === 0) return v.parse(AnswersSchema, {});
  const { output, problems } = document ? validateDocument(AnswersSchema, document, file) : { problems: [] };
  const [first] = [...syntax, ...problems];
  if (!output || first) {
    throw rejected('answers-invalid', first ? formatProblem(first) : `${file}: cannot be read`);
  }
  return output;
};

const unknown = (what: string, cure: string) =>
  permanent('generator-online', `${what} is asked, and nobody is asked here: add ${cure} to the file of --answers`);

const pluginAnswer = ({ plugins }: Answers, name: string, parameters: object): object[] => {
  const found = (plugins[name] ?? []).find(
    (one) => one.parameters === undefined || stableText(one.parameters) === stableText(parameters),
  );
  if (found) return found.output;
  throw unknown(
    `plugin ${name}, with ${stableText(parameters)},`,
    `plugins: { ${name}: [{ parameters: ${stableText(parameters)}, output: [{…}] }] }`,
  );
};

/** A forge as the file describes it: what it does not name is not there. */
const listsOf = ({ pullRequests, repositories }: Answers): ForgeLists => {
  const rows = Object.entries(repositories).flatMap(([path, list]) =>
    list.map((one) => ({ ...one, organization: one.organization ?? path })),
  );
  const rowsOf = ({ organization, repository }: ListedRepository) =>
    rows.filter((one) => one.organization === organization && one.repository === repository);
  return {
    pullRequests: async ({ path, labels }) => {
      const found = pullRequests[path];
      if (!found) throw unknown(`the forge of ${path} for its pull requests`, `pullRequests: { ${path}: [{…}] }`);
      return found.filter((one) => labels.every((label) => one.labels.includes(label)));
    },
    repositories: async ({ path }) => {
      const found = repositories[path];
      if (!found) throw unknown(`the forge of ${path} for its repositories`, `repositories: { ${path}: [{…}] }`);
      const listed = found.map(({ url, branch, sha: _sha, paths: _paths, ...one }) => ({
        ...one,
        organization: one.organization ?? path,
        ssh: url,
        https: url,
        defaultBranch: branch,
      }));
      const names = listed.map(({ organization, repository }) => `${organization}/${repository}`);
      return listed.filter((_one, index) => names.indexOf(names[index] ?? '') === index);
    },
    // A file lists no other branches than it means.
    branches: async (repository) => rowsOf(repository).map(({ branch, sha }) => ({ name: branch, sha })),
    hasPath: async (repository, { branch, path }) =>
      rowsOf(repository).some((one) => one.branch === branch && one.paths.includes(path)),
  };
};

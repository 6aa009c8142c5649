import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startGoTemplates } from '../../../../../src/adapters/gotemplate/go-templates.ts';
import { loadGoTemplates } from '../../../../../src/adapters/gotemplate/load-program.ts';
import { AppError } from '../../../../../src/domain/errors.ts';
import {
  type Generator,
  kindsOf,
  type Params,
} from '../../../../../src/domain/fleet/applicationset/application-set.ts';
import {
  createContext,
  type GeneratorContext,
  withValues,
} from '../../../../../src/domain/fleet/applicationset/context.ts';
import {
  generateParams,
  interpolateGenerator,
} from '../../../../../src/domain/fleet/applicationset/generate-params.ts';
import {
  type GeneratorCluster,
  type GeneratorInputs,
  gitKey,
  type InputError,
  NO_INPUTS,
  type PullRequest,
  providerRequest,
  type ScmRepository,
} from '../../../../../src/domain/fleet/applicationset/generator-inputs.ts';
import { paramsOfFile } from '../../../../../src/domain/fleet/applicationset/generators/git.ts';
import { combineTexts } from '../../../../../src/domain/fleet/applicationset/generators/matrix.ts';
import { paramsByKey } from '../../../../../src/domain/fleet/applicationset/generators/merge.ts';
import { slugify } from '../../../../../src/domain/fleet/applicationset/go-text.ts';
import { renderApplication } from '../../../../../src/domain/fleet/applicationset/render-application.ts';

interface Secret {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  data: { name: string; server: string; project?: string };
}

interface Field {
  of: string;
  path: (string | number)[];
  value?: unknown;
  contains?: string;
}

/** Every field that some case has; each function reads its own. */
interface Input {
  generator: Generator;
  applicationSet?: {
    spec?: {
      goTemplate?: boolean;
      goTemplateOptions?: string[];
      generators?: object[];
    };
  };
  clusterSecrets?: Secret[];
  clientError?: boolean;
  directories?: string[];
  files?: Record<string, string>;
  included?: string[];
  newGlobbing?: boolean;
  repoError?: string;
  providerError?: string;
  appProject?: object;
  mockedGitParams?: Params[];
  pullRequests?: PullRequest[];
  scmRepositories?: ScmRepository[];
  mergeKeys: string[];
  paramSets: Params[];
  values: Record<string, string>;
  params: Params;
  goTemplate: boolean;
  goTemplateOptions: string[] | null;
  pathParamPrefix?: string;
  path: string;
  content: string;
  template: string | Record<string, unknown>;
  syncPolicy?: { preserveResourcesOnDeletion?: boolean } | null;
  maxLength: number;
  smartTruncate: boolean;
  branch: string;
  left: Params;
  right: Params;
}

interface Case {
  id: string;
  fn: string;
  input: Input;
  expect: Record<string, unknown> & { fields?: Field[]; anyOrder?: boolean };
}

const FILE = '../shared/corpus/applicationset/cases.jsonl';
const present = existsSync(FILE);
const cases = (present ? readFileSync(FILE, 'utf8') : '')
  .split('\n')
  .filter(Boolean)
  .map((line): Case => JSON.parse(line));

/** Not here, and why. */
const ELSEWHERE: Record<string, string> = {
  example: 'whole sets, expanded in another test',
  exampleFiles: 'inputs of those',
  normalizeBitbucketBasePath: 'a helper of the Bitbucket client, which Towline does not have',
};

const ELSEWHERE_IDS: Record<string, string> = {
  'applicationset/generators/git_test.go#TestGitGenerator_GenerateParams[1]':
    'a project that does not exist is said on each Application, not on the set',
};

const render = await startGoTemplates(await loadGoTemplates());
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();

const clusterOf = ({ metadata, data }: Secret): GeneratorCluster => ({
  name: decode(data.name),
  server: decode(data.server),
  project: decode(data.project),
  labels: metadata.labels ?? {},
  annotations: metadata.annotations ?? {},
});

const IMPLIED: GeneratorCluster = {
  name: 'in-cluster',
  server: 'https://kubernetes.default.svc',
  labels: {},
  annotations: {},
  implied: true,
};

/** Every generator in one, itself included. */
const within = (generator: Generator): Generator[] => [
  generator,
  ...(generator.matrix?.generators ?? []).flatMap(within),
  ...(generator.merge?.generators ?? []).flatMap(within),
];

const inputsOf = (input: Input): GeneratorInputs => {
  const files = Object.keys(input.files ?? {});
  const tree = { directories: input.directories ?? [], files, contents: input.files ?? {} };
  const git = input.repoError === undefined ? tree : { error: input.repoError };
  const notFound = input.providerError?.startsWith('repository not found') ?? false;
  const failed: InputError | undefined =
    input.providerError === undefined ? undefined : { error: input.providerError, notFound };
  const byKind = <T>(kind: 'git' | 'pullRequest' | 'scmProvider', answer: T): Record<string, T> =>
    Object.fromEntries(
      within(input.generator).flatMap((one) => {
        const found = one[kind];
        if (!found) return [];
        return [[kind === 'git' && one.git ? gitKey(one.git) : providerRequest({ ...found }).key, answer]];
      }),
    );
  return {
    clusters: input.clientError
      ? { error: 'could not list Secrets' }
      : [...(input.clusterSecrets ?? []).map(clusterOf), IMPLIED],
    git: byKind('git', git),
    pullRequests: byKind('pullRequest', failed ?? input.pullRequests ?? []),
    scmRepositories: byKind('scmProvider', failed ?? input.scmRepositories ?? []),
    plugins: {},
    newGlobbing: input.newGlobbing ?? false,
  };
};

const contextOf = (options: Partial<GeneratorContext['set']>, inputs: GeneratorInputs = NO_INPUTS): GeneratorContext =>
  createContext({ goTemplate: false, goTemplateOptions: [], ...options }, inputs, render);

const setOptions = ({ applicationSet }: Input): Partial<GeneratorContext['set']> => {
  const { goTemplate = false, goTemplateOptions = [] } = applicationSet?.spec ?? {};
  return { goTemplate, goTemplateOptions };
};

const ownOptions = ({ goTemplate, goTemplateOptions }: Input) => ({
  goTemplate,
  goTemplateOptions: goTemplateOptions ?? [],
});

/** Cases that mock the git generator say what it makes: a list stands in for it. */
const withMockedGit = (generator: Generator, mocked: Params[] | undefined): Generator => {
  if (!mocked) return generator;
  const replace = (one: Generator): Generator => {
    const { git, ...rest } = withMockedGit(one, mocked);
    return git ? { ...rest, list: one.list ?? { elements: mocked } } : rest;
  };
  const { matrix, merge } = generator;
  return {
    ...generator,
    ...(matrix ? { matrix: { ...matrix, generators: matrix.generators.map(replace) } } : {}),
    ...(merge ? { merge: { ...merge, generators: merge.generators.map(replace) } } : {}),
  };
};

const generate = (input: Input): { params: Params[] } => {
  const isAmbiguous = within(input.generator).some((one) => kindsOf(one).length > 1);
  const generator = isAmbiguous ? input.generator : withMockedGit(input.generator, input.mockedGitParams);
  const context = contextOf(setOptions(input), inputsOf(input));
  const generated = generateParams(generator, context);
  expect(context.needs).toEqual([]);
  return { params: generated.flatMap(({ params }) => params) };
};

const RUN: Record<string, (input: Input) => Record<string, unknown>> = {
  values: ({ values, params, goTemplate }) => ({ params: withValues(params, values, contextOf({ goTemplate })) }),
  gitFile: (input) => {
    const { path, content, values, pathParamPrefix } = input;
    const generator = { values, ...(pathParamPrefix ? { pathParamPrefix } : {}) };
    return { params: paramsOfFile(path, content, generator, contextOf(ownOptions(input))) };
  },
  mergeKeysUnique: ({ mergeKeys, paramSets }) => ({ byKey: Object.fromEntries(paramsByKey(mergeKeys, paramSets)) }),
  interpolate: (input) => ({
    generator: interpolateGenerator(input.generator, input.params, contextOf(ownOptions(input))),
  }),
  template: (input) => {
    const set = { template: { text: input.template }, preserveResourcesOnDeletion: true };
    const { rendering } = contextOf(ownOptions(input));
    return { result: renderApplication(set, {}, input.params, rendering)['text'] };
  },
  renderApplication: (input) => {
    const template = typeof input.template === 'string' ? {} : input.template;
    const preserveResourcesOnDeletion = input.syncPolicy?.preserveResourcesOnDeletion ?? false;
    const { rendering } = contextOf(ownOptions(input));
    return { application: renderApplication({ template, preserveResourcesOnDeletion }, {}, input.params, rendering) };
  },
  slugify: ({ branch, maxLength, smartTruncate }) => ({ result: slugify(branch, maxLength, smartTruncate) }),
  invalidGenerators: ({ applicationSet }) => {
    const generators = applicationSet?.spec?.generators ?? [];
    return { hasInvalid: generators.some((one) => kindsOf(one).length === 0), names: {} };
  },
  combineStringMaps: ({ left, right }) => ({ combined: combineTexts(left, right) }),
};
RUN['renderGenerator'] = RUN['interpolate'] ?? generate;

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const check = (actual: unknown, wanted: unknown, anyOrder: boolean): void => {
  if (isEmpty(wanted)) return expect(isEmpty(actual)).toBe(true);
  if (typeof wanted === 'object' && wanted !== null && 'length' in wanted && !Array.isArray(wanted)) {
    return expect(actual).toHaveLength(Number(wanted.length));
  }
  if (anyOrder && Array.isArray(wanted) && Array.isArray(actual)) {
    expect(actual).toHaveLength(wanted.length);
    return expect(actual).toEqual(expect.arrayContaining(wanted));
  }
  return expect(actual).toEqual(wanted);
};

const at = (answer: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (one, key) => (typeof one === 'object' && one !== null ? Reflect.get(one, key) : undefined),
    answer,
  );

const checkError = (run: () => Record<string, unknown>, wanted: unknown): void => {
  let message: string | undefined;
  try {
    run();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    message = error.message;
  }
  expect(message, 'an error').toBeDefined();
  if (typeof wanted === 'string') expect(message).toBe(wanted);
  else if (typeof wanted === 'object' && wanted !== null && 'contains' in wanted)
    expect(message).toContain(wanted.contains);
};

describe.skipIf(!present)(`ApplicationSets (${present ? '' : 'skipped, there is no '}${FILE})`, () => {
  it.each(cases.filter(({ id, fn }) => !(fn in ELSEWHERE) && !(id in ELSEWHERE_IDS)))('$fn $id', (one) => {
    const run = (): Record<string, unknown> => (RUN[one.fn] ?? generate)(one.input);
    const { error, fields = [], anyOrder = false, ...values } = one.expect;
    if (error) return checkError(run, error);
    const answer = run();
    for (const [key, wanted] of Object.entries(values)) check(answer[key], wanted, anyOrder);
    for (const { of, path, value, contains } of fields) {
      const found = at(answer[of], path);
      if (contains === undefined) check(found, value, false);
      else expect(Object.keys(found ?? {})).toContain(contains);
    }
  });
});

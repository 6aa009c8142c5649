import type { Path } from '../../yaml-document.ts';
import type { Finding } from '../check-application.ts';
import { type Generator, kindsOf } from './application-set.ts';

const error = (path: Path, message: string): Finding => ({ path, severity: 'error', code: 'field-invalid', message });
const unsupported = (path: Path, message: string): Finding => ({
  path,
  severity: 'unsupported',
  code: 'generator-unsupported',
  message,
});

const SERVED = ['github', 'gitlab'];
const PROVIDERS = [...SERVED, 'gitea', 'bitbucketServer', 'bitbucket', 'azuredevops', 'azureDevOps', 'awsCodeCommit'];

/** What is wrong with a set's generators that their schema cannot say, nested ones included. */
export const checkGenerators = (generators: readonly Generator[], path: Path, depth = 0): Finding[] =>
  generators.flatMap((generator, index) => checkGenerator(generator, [...path, index], depth));

const checkGenerator = (generator: Generator, path: Path, depth: number): Finding[] => {
  const kinds = kindsOf(generator);
  const known = 'list, clusters, git, scmProvider, pullRequest, matrix, merge, plugin';
  if (kinds.length === 0) return [error(path, `names no known generator (${known})`)];
  if (kinds.length > 1 && depth > 0)
    return [error(path, `names several generators (${kinds.join(', ')}): one an item of matrix and merge`)];
  const { git, pullRequest, scmProvider, matrix, merge, clusterDecisionResource } = generator;
  return [
    ...(git ? checkGit(git, [...path, 'git']) : []),
    ...(pullRequest ? checkPullRequest(pullRequest, [...path, 'pullRequest']) : []),
    ...(scmProvider ? checkScmProvider(scmProvider, [...path, 'scmProvider']) : []),
    ...(clusterDecisionResource
      ? [unsupported([...path, 'clusterDecisionResource'], 'is not served: name the clusters by labels (clusters)')]
      : []),
    ...(matrix ? checkMatrix(matrix.generators, [...path, 'matrix', 'generators'], depth) : []),
    ...(merge ? checkMerge(merge, [...path, 'merge'], depth) : []),
  ];
};

const checkGit = ({ directories, files }: NonNullable<Generator['git']>, path: Path): Finding[] => {
  if (directories?.length || files?.length) return [];
  return [error(path, 'needs directories or files: what is to be found in the repository')];
};

const checkPullRequest = (generator: NonNullable<Generator['pullRequest']>, path: Path): Finding[] => [
  ...checkProvider(generator, path),
  ...checkFilters(generator.filters, ['branchMatch', 'targetBranchMatch', 'titleMatch'], path),
];

const checkScmProvider = (generator: NonNullable<Generator['scmProvider']>, path: Path): Finding[] => {
  const { cloneProtocol, filters } = generator;
  const known = ['repositoryMatch', 'labelMatch', 'branchMatch', 'pathsExist', 'pathsDoNotExist'];
  const isKnown =
    cloneProtocol === undefined || ['ssh', 'https', ''].includes(cloneProtocol) || cloneProtocol.includes('{{');
  return [
    ...checkProvider(generator, path),
    ...checkFilters(filters, known, path),
    ...(isKnown ? [] : [error([...path, 'cloneProtocol'], `is ${JSON.stringify(cloneProtocol)}: ssh or https`)]),
  ];
};

/** A filter that is not looked at would let through what it is there to keep out. */
const checkFilters = (filters: readonly object[] = [], known: readonly string[], path: Path): Finding[] =>
  filters.flatMap((filter, index) =>
    Object.keys(filter).flatMap((name) =>
      known.includes(name)
        ? []
        : [unsupported([...path, 'filters', index, name], `is no filter that Argo CD has: ${known.join(', ')}`)],
    ),
  );

const checkProvider = (generator: Record<string, unknown>, path: Path): Finding[] => {
  const named = PROVIDERS.filter((one) => generator[one] !== undefined && generator[one] !== null);
  const [provider] = named;
  if (provider === undefined) return [error(path, `names no provider (${SERVED.join(', ')})`)];
  if (SERVED.includes(provider)) return [];
  return [unsupported([...path, provider], `${provider} is not served: Towline asks ${SERVED.join(' and ')}`)];
};

const checkMatrix = (children: readonly Generator[], path: Path, depth: number): Finding[] => {
  if (children.length > 2) return [error([...path, 2], 'a matrix has exactly two generators: nest the third')];
  return checkNested(children, path, depth);
};

const checkMerge = (merge: NonNullable<Generator['merge']>, path: Path, depth: number): Finding[] => [
  ...(merge.mergeKeys?.length ? [] : [error(path, 'needs mergeKeys: the parameters by which sets belong together')]),
  ...checkNested(merge.generators, [...path, 'generators'], depth),
];

/** Argo CD nests a matrix or merge in another one once, and no deeper. */
const checkNested = (children: readonly Generator[], path: Path, depth: number): Finding[] => {
  const deep = children.findIndex(({ matrix, merge }) => matrix || merge);
  if (depth > 0 && deep >= 0)
    return [error([...path, deep], 'is nested too deep: a matrix or merge may hold one other')];
  return checkGenerators(children, path, depth + 1);
};

import * as v from 'valibot';
import type { Problem } from '../problem.ts';
import { validateDocument } from '../validate-document.ts';
import { fieldText, type Path, readYaml } from '../yaml-document.ts';
import type { ClusterAccess, ClusterConfig, FleetFile, Forge, RepositoryConfig } from './fleet-file.ts';

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const labels = v.optional(v.record(v.string(), v.string()));

const cluster = v.object({
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'must be letters, digits, ".", "_" and "-"')),
  server: v.optional(text),
  inCluster: v.optional(v.boolean()),
  labels,
  annotations: labels,
  eks: v.optional(v.object({ name: text, region: text, roleARN: v.optional(text) })),
  kubeconfig: v.optional(v.object({ path: text, context: v.optional(text) })),
  embedded: v.optional(v.boolean()),
});

const repository = v.object({
  url: text,
  forge: v.optional(v.picklist(['github', 'gitlab', 'git'])),
  apiURL: v.optional(v.pipe(v.string(), v.url('must be a URL'))),
  credentials: v.optional(text),
  webhookSecret: v.optional(text),
});

const FleetSchema = v.object({
  apiVersion: v.literal('towline.dev/v1alpha1'),
  kind: v.literal('Fleet'),
  metadata: v.object({ name: text }),
  spec: v.object({
    source: v.object({ repoURL: text, targetRevision: v.optional(text), path: v.optional(v.string()) }),
    repositories: v.optional(v.array(repository)),
    clusters: v.array(cluster),
    environments: v.optional(v.object({ clusterLabel: text })),
    slack: v.optional(v.object({ channel: text, credentials: text, apiURL: v.optional(v.pipe(v.string(), v.url('must be a URL'))) })),
    mode: v.optional(v.literal('observe')),
    adopt: v.optional(v.boolean()),
  }),
});

type Manifest = v.InferOutput<typeof FleetSchema>;

export type ParsedFleet = { warnings: Problem[] } & (
  | { ok: true; fleet: FleetFile }
  | { ok: false; problems: Problem[] }
);

/**
 * Reads a fleet file. Everything wrong with it comes in one answer, each problem with file, line, field, value and what is
 * allowed. `local` allows what only makes sense on one machine: http:// and loopback hosts, kubeconfig and embedded clusters.
 */
export const parseFleetFile = (content: string, { file, local }: { file: string; local: boolean }): ParsedFleet => {
  const { documents, problems: syntax } = readYaml(file, content);
  const [document] = documents;
  if (syntax.length > 0 || !document) return failed(syntax.length > 0 ? syntax : [empty(file)]);
  if (documents[1]) return failed([{ ...empty(file), line: documents[1].lineOf([]), message: 'holds a second document: a fleet file is one' }]);
  const { output, problems } = validateDocument(FleetSchema, document, file);
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  if (!output) return { ok: false, warnings, problems: problems.filter(({ severity }) => severity === 'error') };
  const checks = checkFleet(output, local).map(
    ({ path, message }): Problem => ({
      severity: 'error',
      code: 'field-invalid',
      file,
      line: document.lineOf(path),
      field: fieldText(path),
      message,
    }),
  );
  return checks.length > 0 ? { ok: false, warnings, problems: checks } : { ok: true, warnings, fleet: toFleet(output) };
};

const failed = (problems: Problem[]): ParsedFleet => ({ ok: false, warnings: [], problems });

const empty = (file: string): Problem => ({
  severity: 'error',
  code: 'fleet-file-empty',
  file,
  line: 1,
  field: '',
  message: 'holds no document; a fleet file starts with apiVersion: towline.dev/v1alpha1 and kind: Fleet',
});

interface Check {
  path: Path;
  message: string;
}

const checkFleet = ({ spec }: Manifest, local: boolean): Check[] => [
  ...checkURL(['spec', 'source', 'repoURL'], spec.source.repoURL, local),
  ...(spec.repositories ?? []).flatMap((one, index) => checkRepository(one, index, local)),
  ...duplicates(['spec', 'repositories'], 'url', spec.repositories ?? []),
  ...spec.clusters.flatMap((one, index) => checkCluster(one, index, local)),
  ...duplicates(['spec', 'clusters'], 'name', spec.clusters),
  ...checkInCluster(spec.clusters),
  ...(spec.slack?.apiURL ? checkURL(['spec', 'slack', 'apiURL'], spec.slack.apiURL, local) : []),
];

const checkRepository = (one: v.InferOutput<typeof repository>, index: number, local: boolean): Check[] => [
  ...checkURL(['spec', 'repositories', index, 'url'], one.url, local),
  ...(one.apiURL ? checkURL(['spec', 'repositories', index, 'apiURL'], one.apiURL, local) : []),
];

const LOOPBACK = /^(localhost|127\.|\[?::1\]?|169\.254\.|\[?fd00:ec2)/;

const checkURL = (path: Path, url: string, local: boolean): Check[] => {
  if (local && (url.startsWith('/') || url.startsWith('file://'))) return [];
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['https:', 'http:'].includes(parsed.protocol)) {
    return [{ path, message: `must be an https:// URL, not "${url}"` }];
  }
  if (parsed.username || parsed.password) return [{ path, message: 'must hold no user or password: name a secret in credentials' }];
  if (local) return [];
  if (parsed.protocol === 'http:') return [{ path, message: `must be https://, not "${url}" (http:// works in local mode only)` }];
  if (LOOPBACK.test(parsed.hostname)) return [{ path, message: `must not be this machine's own address, "${url}"` }];
  return [];
};

const checkCluster = (one: v.InferOutput<typeof cluster>, index: number, local: boolean): Check[] => {
  const path: Path = ['spec', 'clusters', index];
  const given = (['eks', 'kubeconfig', 'embedded'] as const).filter((access) => one[access]);
  if (given.length !== 1) {
    const has = given.length === 0 ? 'has none' : `has ${given.join(' and ')}`;
    return [{ path, message: `cluster "${one.name}" needs exactly one of eks, kubeconfig, embedded; it ${has}` }];
  }
  if (!local && !one.eks) return [{ path: [...path, given[0] ?? ''], message: `works in local mode only; a deployed stack takes eks` }];
  return [];
};

const checkInCluster = (clusters: Manifest['spec']['clusters']): Check[] => {
  const marked = clusters.flatMap((one, index) => (one.inCluster ? [index] : []));
  const second = marked[1];
  if (second === undefined) return [];
  return [{ path: ['spec', 'clusters', second, 'inCluster'], message: 'only one cluster may be the in-cluster one' }];
};

const duplicates = <Key extends string>(path: Path, key: Key, items: readonly Record<Key, string>[]): Check[] => {
  const seen = new Map<string, number>();
  return items.flatMap((item, index) => {
    const first = seen.get(item[key]);
    if (first === undefined) seen.set(item[key], index);
    return first === undefined
      ? []
      : [{ path: [...path, index, key], message: `"${item[key]}" is there already, as ${fieldText([...path, first])}` }];
  });
};

const toFleet = ({ metadata, spec }: Manifest): FleetFile => ({
  name: metadata.name,
  source: { repoURL: spec.source.repoURL, targetRevision: spec.source.targetRevision ?? 'HEAD', path: spec.source.path ?? '' },
  repositories: (spec.repositories ?? [{ url: spec.source.repoURL }]).map(toRepository),
  clusters: spec.clusters.map(toCluster),
  environments: spec.environments ?? { clusterLabel: 'environment' },
  ...(spec.slack ? { slack: { ...spec.slack, apiURL: spec.slack.apiURL ?? 'https://slack.com/api/' } } : {}),
  ...(spec.mode ? { mode: spec.mode } : {}),
  ...(spec.adopt ? { adopt: true } : {}),
});

const toRepository = (given: v.InferOutput<typeof repository>): RepositoryConfig => {
  const forge = given.forge ?? forgeOf(given.url);
  const apiURL = given.apiURL ?? defaultAPI(forge, given.url);
  return {
    url: given.url,
    forge,
    ...(apiURL ? { apiURL } : {}),
    ...(given.credentials ? { credentials: given.credentials } : {}),
    ...(given.webhookSecret ? { webhookSecret: given.webhookSecret } : {}),
  };
};

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '');

const forgeOf = (url: string): Forge => {
  const host = hostOf(url);
  if (host === 'github.com' || host.startsWith('github.')) return 'github';
  return host === 'gitlab.com' || host.startsWith('gitlab.') ? 'gitlab' : 'git';
};

const defaultAPI = (forge: Forge, url: string): string | undefined => {
  const host = hostOf(url);
  if (forge === 'github') return host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`;
  return forge === 'gitlab' ? `https://${host}/api/v4` : undefined;
};

const toCluster = (given: v.InferOutput<typeof cluster>): ClusterConfig => ({
  name: given.name,
  ...(given.server ? { server: given.server } : {}),
  ...(given.inCluster ? { inCluster: true } : {}),
  labels: given.labels ?? {},
  annotations: given.annotations ?? {},
  access: accessOf(given),
});

const accessOf = ({ eks, kubeconfig }: v.InferOutput<typeof cluster>): ClusterAccess => {
  if (eks) return { type: 'eks', ...eks };
  return kubeconfig ? { type: 'kubeconfig', ...kubeconfig } : { type: 'embedded' };
};

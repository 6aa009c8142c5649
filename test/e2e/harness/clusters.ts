import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';

interface Kubeconfig {
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { name: string; user: { token: string } }[];
  contexts: { name: string; context: { cluster: string; user: string } }[];
}

/** As much of an object as tests look at. */
export interface LiveObject {
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion: string;
    uid: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  items?: LiveObject[];
}

/** The kinds that the demo's applications hold, by the path of their lists. */
const LISTS = [
  '/api/v1/configmaps',
  '/api/v1/services',
  '/api/v1/serviceaccounts',
  '/api/v1/secrets',
  '/apis/apps/v1/deployments',
];

/** A cluster of the kubeconfig that `ready` names, read over HTTPS with its token, as anybody could. */
export interface ClusterView {
  /** Undefined where there is no such object. */
  get(path: string): Promise<LiveObject | undefined>;
  /** Changes the cluster as somebody else. */
  write(method: 'POST' | 'DELETE', path: string, object?: object): Promise<void>;
  /** Everything that an application has put there, by `Kind namespace/name`. */
  objects(): Promise<Map<string, LiveObject>>;
  /** Collects the data of one ConfigMap with every change, until it is closed. */
  watchConfigMap(namespace: string, name: string): Promise<{ seen: Record<string, string>[]; close(): void }>;
}

/** Opens one context of a kubeconfig. */
export const openCluster = (kubeconfig: string, context: string): ClusterView => {
  const { clusters, users, contexts } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const found = contexts.find(({ name }) => name === context)?.context;
  const cluster = clusters.find(({ name }) => name === found?.cluster)?.cluster;
  const token = users.find(({ name }) => name === found?.user)?.user.token;
  if (!cluster || !token) throw new Error(`${kubeconfig} has no context ${context}`);
  const open = (path: string, method = 'GET', body?: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
      const headers = { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) };
      request(new URL(path, cluster.server), { ca, method, headers }, resolve).on('error', reject).end(body);
    });
  const get = async (path: string): Promise<LiveObject | undefined> => {
    const response = await open(path);
    const text = Buffer.concat(await response.toArray()).toString();
    if (response.statusCode === 404) return undefined;
    if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}: ${text}`);
    return JSON.parse(text) as LiveObject;
  };
  return {
    get,
    write: async (method, path, object) => {
      const response = await open(path, method, object && JSON.stringify(object));
      const text = Buffer.concat(await response.toArray()).toString();
      if ((response.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    },
    objects: async () => {
      const lists = await Promise.all(LISTS.map(get));
      const items = lists.flatMap((list) =>
        (list?.items ?? []).map((one) => ({ ...one, kind: one.kind ?? list?.kind?.replace(/List$/, '') ?? '' })),
      );
      return new Map(items.filter(isTracked).map((one) => [keyOf(one), one]));
    },
    watchConfigMap: async (namespace, name) => {
      const path = `/api/v1/namespaces/${namespace}/configmaps?watch=1&fieldSelector=metadata.name%3D${name}`;
      const response = await open(path);
      const seen: Record<string, string>[] = [];
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        const { type, object } = JSON.parse(line) as { type: string; object: LiveObject };
        if (type !== 'BOOKMARK' && object.data && object.metadata.name === name) seen.push(object.data);
      });
      response.on('error', () => undefined);
      return { seen, close: () => void response.destroy() };
    },
  };
};

const TRACKING = 'argocd.argoproj.io/tracking-id';

const isTracked = ({ metadata }: LiveObject): boolean => metadata.annotations?.[TRACKING] !== undefined;

const keyOf = ({ kind, metadata }: LiveObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** Versions of objects by their key, to see which were written meanwhile. */
export const versionsOf = (objects: ReadonlyMap<string, LiveObject>): Record<string, string> =>
  Object.fromEntries([...objects].map(([key, { metadata }]) => [key, `${metadata.uid} ${metadata.resourceVersion}`]));

/** What was asked for, without what every server sets for itself: equal for clusters in the same state. */
export const contentsOf = (objects: ReadonlyMap<string, LiveObject>): Record<string, unknown> =>
  Object.fromEntries(
    [...objects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { metadata, spec, data }]) => [
        key,
        {
          labels: metadata.labels,
          annotations: without(metadata.annotations, REVISION),
          spec: without(spec, ...ADDRESSES),
          data,
        },
      ]),
  );

/** Counted up by the Deployment's controller, so it tells how often something changed. */
const REVISION = 'deployment.kubernetes.io/revision';
const ADDRESSES = ['clusterIP', 'clusterIPs'];

const without = (fields: Record<string, unknown> | undefined, ...names: string[]): unknown =>
  fields && Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

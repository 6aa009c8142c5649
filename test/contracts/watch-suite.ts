import http from 'node:http';
import https from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterAccessPoint } from '../../src/adapters/kubernetes/endpoint.ts';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import type { ClusterConnection } from '../../src/ports/cluster.ts';

export interface WatchedCluster {
  access: Pick<ClusterAccessPoint, 'endpoint' | 'credentials'>;
  connection: ClusterConnection;
  close?(): Promise<void>;
}

interface WatchEvent {
  type: string;
  object: KubernetesObject & { code?: number; reason?: string };
}

const ours = { fieldManager: 'argocd-controller' };
const configMap = (namespace: string, name: string, data: Record<string, string> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

/** The lines of one GET as events: the first `count` of them, or all until the server ends the answer. */
const watchEvents = async (
  { endpoint, credentials }: WatchedCluster['access'],
  path: string,
  count: number,
): Promise<WatchEvent[]> => {
  const authorization = await credentials.header();
  const { certificateAuthority: ca, clientCertificate: cert, clientKey: key } = endpoint;
  const options = { ca, cert, key, headers: authorization === undefined ? {} : { authorization } };
  const url = new URL(path, endpoint.url);
  const get = url.protocol === 'https:' ? https.get : http.get;
  return new Promise((done, fail) => {
    const events: WatchEvent[] = [];
    const request = get(url, options, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines.filter(Boolean)) events.push(JSON.parse(line) as WatchEvent);
        if (events.length < count) return;
        request.destroy();
        done(events.slice(0, count));
      });
      response.on('end', () => done(events));
    });
    request.on('error', fail);
  });
};

const named = (events: readonly WatchEvent[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name}`);

/** What clients of an API server's watch rely on: kubectl, controllers, Argo CD beside an embedded cluster. */
export const watchContract = (title: string, open: () => Promise<WatchedCluster>): void => {
  describe(`${title}: watch`, () => {
    let cluster: WatchedCluster;
    const namespace = `watch-${process.pid}-${title.length}`;
    const path = (query: string) => `/api/v1/namespaces/${namespace}/configmaps?watch=true&${query}`;
    const apply = (name: string, data: Record<string, string> = {}) =>
      cluster.connection.apply(configMap(namespace, name, data), ours);

    beforeAll(async () => {
      cluster = await open();
      await cluster.connection.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ours);
    });
    afterAll(async () => {
      await cluster?.connection.delete({ group: '', version: 'v1', kind: 'Namespace', name: namespace });
      await cluster?.close?.();
    });

    test('tells what happened since a version, and is taken up again at any later one', async () => {
      const start = (await apply('first')).metadata.resourceVersion ?? '';
      await apply('second');
      await apply('second', { a: '1' });
      await cluster.connection.delete({ group: '', version: 'v1', kind: 'ConfigMap', namespace, name: 'second' });
      const only = 'fieldSelector=metadata.name%3Dsecond';
      const events = await watchEvents(cluster.access, path(`${only}&resourceVersion=${start}`), 3);
      expect(named(events)).toEqual(['ADDED second', 'MODIFIED second', 'DELETED second']);
      const later = events[1]?.object.metadata.resourceVersion ?? '';
      const rest = await watchEvents(cluster.access, path(`${only}&resourceVersion=${later}`), 1);
      expect(named(rest)).toEqual(['DELETED second']);
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    });

    test('tells what happens while it is open', async () => {
      const start = (await apply('open')).metadata.resourceVersion ?? '';
      const only = 'fieldSelector=metadata.name%3Dopened';
      const events = watchEvents(cluster.access, path(`${only}&resourceVersion=${start}`), 1);
      await apply('opened');
      expect(named(await events)).toEqual(['ADDED opened']);
    });

    test('begins with what is there, and marks the end of it', async () => {
      await apply('there');
      const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const only = 'fieldSelector=metadata.name%3Dthere';
      const events = await watchEvents(cluster.access, path(`${initial}&${only}`), 2);
      expect(events).toMatchObject([
        { type: 'ADDED', object: { metadata: { name: 'there' } } },
        { type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } },
      ]);
    });

    test('of a version that is not kept any more is Expired (410), and ends', async () => {
      const events = await watchEvents(cluster.access, path('resourceVersion=1'), 2);
      expect(events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } }]);
      expect(events).toHaveLength(1);
    });

    test('ends when its time is over', async () => {
      const start = (await apply('last')).metadata.resourceVersion ?? '';
      expect(await watchEvents(cluster.access, path(`timeoutSeconds=1&resourceVersion=${start}`), 1)).toEqual([]);
    });
  });
};

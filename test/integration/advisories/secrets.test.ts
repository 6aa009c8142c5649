import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createGitRepository } from '../../../src/adapters/git/repository.ts';
import { errorOf } from '../../../src/adapters/kubernetes/request-errors.ts';
import { createReadModel } from '../../../src/app/read-model.ts';
import { hideSecrets } from '../../../src/domain/diff/hide-secrets.ts';
import type { KubernetesObject } from '../../../src/domain/kubernetes-object.ts';
import { manifestsKey } from '../../../src/domain/render-row.ts';
import { createUi } from '../../../src/ui/routes.ts';
import { createMemoryLog } from '../../fakes/memory-ports.ts';
import { applicationYaml, configMapYaml, createMemoryStack, REPOSITORY } from '../../fakes/memory-stack.ts';

const CANARY = 'canary-8d11fe';
const FORMS = [CANARY, Buffer.from(CANARY).toString('base64')];
const ID = 'argocd/web';
const MANIFESTS = manifestsKey('').split('/')[0] ?? '';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const row = () => stack.applications.rows.get(ID);
const secretYaml = (fields: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: s, annotations: { kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"key":"${CANARY}"}}' } }\n${fields}\n`;
const push = async (files: Record<string, string>) => {
  await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev'), ...files });
  await stack.settle(30);
};

/** Everything that is kept or told anywhere but in the cluster and in the cache of manifests. */
const sinks = () =>
  JSON.stringify([
    stack.log.lines,
    stack.events.seen,
    stack.statuses,
    stack.chat,
    stack.sent,
    [...stack.outcomes.all.values()],
    ...[stack.applications, stack.rollouts, stack.renders, stack.refs, stack.deliveries, stack.commits].map(
      ({ rows }) => [...rows.values()],
    ),
  ]);
const expectSilent = (said: string): void => {
  for (const form of FORMS) expect(said).not.toContain(form);
};

const read = async (path: string): Promise<string> => {
  const answer = await createUi(createReadModel(stack), stack.clock).request(path);
  return `${answer.status} ${await answer.text()}`;
};

describe('what is secret', () => {
  it.each([400, 422])(
    'CVE-2025-23216, GHSA-274v: a Secret that is refused with %i for its values is told without them',
    async (status) => {
      const message = `Secret in version "v1" cannot be handled: illegal base64 data at input byte 6: "!${CANARY}"`;
      const causes = [{ reason: 'FieldValueInvalid', message: `Invalid value: "${CANARY}"`, field: 'data[key]' }];
      const body = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message,
        reason: 'Invalid',
        details: { causes },
      };
      const subject = {
        cluster: 'dev',
        verb: 'patch',
        group: '',
        version: 'v1',
        kind: 'Secret',
        resource: 'secrets',
      } as const;
      const answer = { status, headers: {}, body: JSON.stringify({ ...body, code: status }) };
      const error = errorOf({ ...subject, namespace: 'web', name: 's', remedy: 'look' }, answer);
      const { apply } = stack.clusters.dev;
      stack.clusters.dev.apply = (object, options) =>
        object.kind === 'Secret' ? Promise.reject(error) : apply(object, options);
      await push({ 'web/s.yaml': secretYaml(`data: { key: "!${CANARY}" }`) });
      expect(row()?.operation?.phase).not.toBe('Succeeded');
      expectSilent(sinks() + String(error.stack) + JSON.stringify(error));
    },
  );

  it('CVE-2025-47933: a repository whose URL is a script is no link', async () => {
    const evil = applicationYaml('web', 'web', 'dev').replace(REPOSITORY, `javascript:alert('${CANARY}')//`);
    await push({
      'apps/web.yaml': evil,
      'apps/good.yaml': applicationYaml('good', 'good', 'dev'),
      'good/x.yaml': configMapYaml('x', '1'),
    });
    const rollout = [...stack.rollouts.rows.keys()][0] ?? '';
    const pages = await Promise.all(
      ['/', `/applications/${ID}`, '/applications/argocd/good', `/rollouts/${rollout}`].map(read),
    );
    expect(pages.join('\n')).not.toMatch(/href="?\s*javascript:/i);
    expect(pages[0]).toContain('good');
  });

  it('CVE-2026-42880, CVE-2026-45737: what a dry run adds of other managers and annotations is hidden after it', () => {
    const of = (more: object): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 's',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': CANARY, 'vault/token': CANARY },
      },
      ...more,
    });
    const live = of({ data: { theirs: FORMS[1], ours: 'YQ==' } });
    const predicted = of({ data: { theirs: FORMS[1], ours: 'Yg==' }, stringData: { fresh: CANARY } });
    const shown = JSON.stringify(hideSecrets({ desired: predicted, live }, ['vault/token']));
    expectSilent(shown);
    expect(shown).toContain('theirs');
  });

  it.each([401, 403, 404, 429, 500])(
    'CVE-2023-25163, CVE-2024-52009, CVE-2024-31216, GHSA-6w87: a token through %i',
    async (status) => {
      const host = createServer((request, response) => {
        response.writeHead(status).end(JSON.stringify(request.headers));
      });
      await new Promise<void>((resolve) => void host.listen(0, '127.0.0.1', resolve));
      const cacheDir = mkdtempSync(join(tmpdir(), 'towline-token-'));
      const log = createMemoryLog();
      const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/acme/fleet`;
      const options = { log, allowInsecure: true, newId: randomUUID, searchPath: process.env.PATH, cacheDir };
      const repository = createGitRepository({ ...options, url, credential: () => Promise.resolve(CANARY) });
      const error: unknown = await repository.listRefs().catch((caught: unknown) => caught);
      repository.close();
      host.close();
      rmSync(cacheDir, { recursive: true, force: true });
      expect(error).toBeInstanceOf(Error);
      const { message, stack: trace, cause } = error as Error;
      expectSilent(JSON.stringify([message, trace, cause, String(cause), error, log.lines]));
    },
  );

  it.each([
    ['a TLS failure', 'https://127.0.0.1:1/acme/fleet'],
    ['a DNS failure', 'https://nobody.invalid/acme/fleet'],
  ])('CVE-2023-25163, GHSA-6w87: a token through %s', async (_name, url) => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'towline-token-'));
    const log = createMemoryLog();
    const options = { log, allowInsecure: true, newId: randomUUID, searchPath: process.env.PATH, cacheDir };
    const repository = createGitRepository({ ...options, url, credential: () => Promise.resolve(CANARY) });
    const error: unknown = await repository.listRefs().catch((caught: unknown) => caught);
    repository.close();
    rmSync(cacheDir, { recursive: true, force: true });
    expect(error).toBeInstanceOf(Error);
    expectSilent(JSON.stringify([String(error), (error as Error).stack, log.lines]));
  });

  it('CVE-2025-55190, CVE-2023-40029: no read route tells a Secret or its annotation', async () => {
    await push({ 'web/s.yaml': secretYaml(`stringData: { key: ${CANARY} }`) });
    expect(row()?.told?.phase).toBe('healthy');
    const rollout = row()?.desired?.rollout ?? '';
    const paths = createUi(createReadModel(stack), stack.clock)
      .routes.filter(({ method }) => method === 'GET')
      .map(({ path }) => path.replace(':namespace', 'argocd').replace(':name', 'web').replace(':id', rollout));
    const answers = await Promise.all([...new Set(paths)].map(read));
    expect(answers.filter((answer) => answer.startsWith('200')).length).toBeGreaterThanOrEqual(5);
    expectSilent(answers.join('\n'));
    expectSilent(sinks());
  });

  it('CVE-2024-31989: manifests with one byte flipped in the cache are not applied', async () => {
    await push({ 'web/x.yaml': configMapYaml('x', 'one') });
    const applied = structuredClone([...stack.clusters.dev.objects]);
    const before = new Set(stack.blobs.blobs.keys());
    await stack.push({ 'web/x.yaml': configMapYaml('x', 'two') });
    const { put } = stack.blobs;
    let flipped = 0;
    stack.blobs.put = (key, bytes) => {
      const isFresh = key.startsWith(MANIFESTS) && !before.has(key);
      if (!isFresh) return put(key, bytes);
      flipped += 1;
      const altered = Uint8Array.from(bytes);
      const at = altered.length >> 1;
      altered[at] = (altered[at] ?? 0) ^ 1;
      return put(key, altered);
    };
    await stack.settle(30);
    expect(flipped).toBeGreaterThan(0);
    expect([...stack.clusters.dev.objects]).toEqual(applied);
    expect(row()?.told?.phase).toBe('failed');
  });

  it.each([
    ['another namespace', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: kube-system }\n'],
    [
      'a kind of the whole cluster',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: x }\nrules: []\n',
    ],
    ['a kind that the project excludes', 'apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n'],
  ])(
    'CVE-2024-31990, CVE-2023-22736, CVE-2023-50726: %s in the rendered objects is refused',
    async (_name, manifest) => {
      const project = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: narrow, namespace: argocd }
spec:
  sourceRepos: ['*']
  destinations: [{ name: dev, namespace: web }]
  namespaceResourceBlacklist: [{ group: '', kind: Secret }]
`;
      const application = applicationYaml('web', 'web', 'dev', { spec: '  syncPolicy: { automated: {} }' });
      await push({
        'apps/project.yaml': project,
        'apps/web.yaml': application.replace('project: default', 'project: narrow'),
        'web/x.yaml': manifest,
      });
      expect([...stack.clusters.dev.objects.keys()]).toEqual([]);
      expect(row()?.told).toMatchObject({ phase: 'failed' });
    },
  );

  it('CVE-2026-23990: where syncs must impersonate, nothing is applied with Towline’s own rights instead', async () => {
    const settings = `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm, namespace: argocd, labels: { app.kubernetes.io/part-of: argocd } }
data: { application.sync.impersonation.enabled: "true" }
`;
    await push({ 'apps/argocd-cm.yaml': settings, 'web/x.yaml': configMapYaml('x', 'one') });
    expect([...stack.clusters.dev.objects.keys()]).toEqual([]);
    expect(row()?.desired?.error).toMatchObject({ code: 'impersonation-unsupported' });
    expect(row()?.told).toMatchObject({ phase: 'failed' });
  });
});

import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareRepository, createBareRepository } from '../fakes/bare-repository.ts';
import { type ServedBare, serveBare } from '../fakes/serve-bare.ts';
import { githubPush, githubWebhook } from '../fakes/webhook-deliveries.ts';
import { openCluster } from './harness/clusters.ts';
import { type LineOf, type RunningTowline, startTowline, stateFolder } from './harness/towline.ts';

const SECRET = 'refs-hook-secret';
const ZEROS = '0'.repeat(64);

/** An application of `web/` at a revision; its namespace has its name. */
const application = (url: string, name: string, source: string): Record<string, string> => ({
  [`apps/${name}.yaml`]: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  source: { repoURL: ${url}, path: web, ${source} }
  destination: { name: dev, namespace: ${name} }
  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`,
});

const web = (value: string): Record<string, string> => ({
  'web/config.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { value: "${value}" }\n`,
});

let bare: BareRepository;
let served: ServedBare;
let towline: RunningTowline;
/** Of main. */
let mainFiles: Record<string, string>;
const folder = stateFolder();
const stateDir = join(folder.path, 'state');

const fleetFile = (): string => `apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: refs }
spec:
  source: { repoURL: ${served.url}, targetRevision: main, path: apps }
  repositories: [{ url: ${served.url}, forge: git, webhookSecret: hook }]
  clusters: [{ name: dev, labels: { environment: dev }, embedded: true }]
  environments: { clusterLabel: environment }
`;

const launch = (environment: Record<string, string>): RunningTowline =>
  startTowline(['dev', '--fleet', join(folder.path, 'fleet.yaml'), '--json', '--port', '0', '--state', stateDir], {
    TOWLINE_SECRET_HOOK: SECRET,
    ...environment,
  });

const isEnd = ({ state }: LineOf<'rollout'>): boolean => state !== 'pending' && state !== 'running';

/** Tells of a ref as a forge does; answers with its answer. */
const tell = async (
  ref: string,
  { delivery = randomUUID(), ...payload }: { before?: string; after?: string; delivery?: string; peeled?: string },
): Promise<Record<string, unknown>> => {
  const { webhooks } = await towline.ready();
  const { before = ZEROS, after = ZEROS, peeled = after } = payload;
  const body = githubPush('demo/app', {
    ref,
    before,
    after,
    created: before === ZEROS,
    deleted: after === ZEROS,
    head_commit: after === ZEROS ? null : { id: peeled },
    repository: { id: 1, full_name: 'demo/app', html_url: served.url, clone_url: served.url },
  });
  const { headers, body: bytes } = githubWebhook(body, { secret: SECRET, delivery });
  const answer = await fetch(webhooks.github, { method: 'POST', headers, body: Buffer.from(bytes) });
  return { code: answer.status, ...((await answer.json()) as object) };
};

/** Tells of it and waits for the rollout of the ref that it starts. */
const told = async (ref: string, payload: Parameters<typeof tell>[1]): Promise<LineOf<'rollout'>> => {
  const from = towline.events.length;
  expect(await tell(ref, payload)).toMatchObject({ code: 202, status: 'accepted' });
  return towline.next('rollout', (line) => line.ref === ref && isEnd(line), from);
};

const valueOf = async (name: string): Promise<string | undefined> =>
  (await openCluster(join(stateDir, 'kubeconfig'), 'dev').get(`/api/v1/namespaces/${name}/configmaps/web`))?.data
    ?.value;

const becomes = async (name: string, value: string): Promise<void> =>
  expect.poll(() => valueOf(name), { timeout: 60_000 }).toBe(value);

/** Commits to a ref on top of what it is; answers with both ids. */
const commit = async (ref: string, files: Record<string, string>): Promise<{ before?: string; after: string }> => {
  const before = await bare.git('rev-parse', '--verify', '--quiet', ref).catch(() => undefined);
  const after = await bare.commit({ ref, files, ...(before ? { from: before } : {}) });
  return { after, ...(before ? { before } : {}) };
};

/** Commits and tells; waits for the end. */
const push = async (ref: string, files: Record<string, string>) => told(ref, await commit(ref, files));

const annotated = async (name: string, value: string): Promise<{ after: string; peeled: string }> => {
  const peeled = await bare.commit({ ref: 'refs/heads/scratch', files: web(value) });
  await bare.git('-c', 'user.name=f', '-c', 'user.email=f@example.com', 'tag', '-f', '-a', '-m', name, name, peeled);
  return { after: await bare.git('rev-parse', `refs/tags/${name}`), peeled };
};

const remove = async (ref: string): Promise<string> => {
  const before = await bare.git('rev-parse', '--verify', ref);
  await bare.git('update-ref', '-d', ref);
  return before;
};

/** Of `towline app get NAME`. */
const appGet = async (name: string): Promise<string> => {
  const { url } = await towline.ready();
  const child = startTowline(['app', 'get', name, '--server', url]);
  await child.exited;
  return child.stdout();
};

beforeAll(async () => {
  bare = await createBareRepository('sha256');
  served = await serveBare(bare.directory);
  const { url } = served;
  await commit('refs/heads/release', web('branch'));
  await bare.git('update-ref', 'refs/tags/release', (await commit('refs/heads/scratch', web('tag'))).after);
  await commit('refs/heads/1.2', web('a branch called 1.2'));
  await commit('refs/heads/3.x', web('a branch called 3.x'));
  await commit('refs/custom/place', web('elsewhere'));
  await commit('refs/heads/feature/x', web('feature'));
  mainFiles = {
    ...web('main'),
    ...application(url, 'head', 'targetRevision: HEAD'),
    ...application(url, 'branch', 'targetRevision: release'),
    ...application(url, 'tag', 'targetRevision: refs/tags/release'),
    ...application(url, 'full', 'targetRevision: refs/heads/feature/x'),
    ...application(url, 'custom', 'targetRevision: refs/custom/place'),
    ...application(url, 'like-version', "targetRevision: '1.2'"),
    ...application(url, 'like-range', "targetRevision: '3.x'"),
    ...application(url, 'range', "targetRevision: '1.*'"),
    ...application(url, 'prefixed', "targetRevision: '>=1.0.0-0', tagPrefix: web-"),
  };
  await commit('refs/heads/main', mainFiles);
  await annotated('1.0.0', 'v1.0.0');
  await annotated('web-1.0.0-rc.1', 'web rc');
  writeFileSync(join(folder.path, 'fleet.yaml'), fleetFile());
  towline = launch({ TOWLINE_POLL_SECONDS: '86400' });
  await towline.next('rollout', (line) => line.ref === 'refs/heads/main' && isEnd(line));
}, 120_000);
afterAll(async () => {
  await towline?.kill();
  await served?.close();
  await bare?.remove();
  folder.cleanUp();
});

describe('revisions of a SHA-256 repository, on a running stack', () => {
  it.each([
    ['HEAD', 'head', 'main'],
    ['a branch, though a tag has its name', 'branch', 'branch'],
    ['a tag by its full name, though a branch has its name', 'tag', 'tag'],
    ['a branch by its full name', 'full', 'feature'],
    ['a ref that is neither', 'custom', 'elsewhere'],
    ['a branch called 1.2', 'like-version', 'a branch called 1.2'],
    ['a branch called like a range that no tag is in', 'like-range', 'a branch called 3.x'],
    ['the newest tag of a range, annotated', 'range', 'v1.0.0'],
    ['a prerelease with a prefix', 'prefixed', 'web rc'],
  ])('%s', async (_, name, expected) => {
    expect(await valueOf(name)).toBe(expected);
  });

  it('a push of the tag moves who names the tag, a push of the branch who names the branch', async () => {
    await told('refs/tags/release', await annotated('release', 'tag moved'));
    expect([await valueOf('tag'), await valueOf('branch')]).toEqual(['tag moved', 'branch']);
    await push('refs/heads/release', web('branch moved'));
    expect([await valueOf('tag'), await valueOf('branch')]).toEqual(['tag moved', 'branch moved']);
  });

  it('a forced push is followed, and a ref of another kind', async () => {
    const before = await bare.git('rev-parse', 'refs/heads/feature/x');
    const after = await bare.commit({ ref: 'refs/heads/feature/x', files: web('forced') });
    await told('refs/heads/feature/x', { before, after });
    expect(await valueOf('full')).toBe('forced');
    await push('refs/custom/place', web('moved there'));
    expect(await valueOf('custom')).toBe('moved there');
  });

  it('a new tag in the range is applied, one outside is not, and where it goes again the one before is', async () => {
    await told('refs/tags/1.4.0', await annotated('1.4.0', 'v1.4.0'));
    expect(await valueOf('range')).toBe('v1.4.0');
    await told('refs/tags/web-1.0.0', await annotated('web-1.0.0', 'web release'));
    expect(await valueOf('prefixed')).toBe('web release');
    expect(await tell('refs/tags/2.0.0', await annotated('2.0.0', 'v2'))).toMatchObject({ code: 202 });
    await tell('refs/tags/1.4.0', { before: await remove('refs/tags/1.4.0') });
    await becomes('range', 'v1.0.0');
    expect(await valueOf('like-range')).toBe('a branch called 3.x');
  });

  it('a deleted branch that nothing stands for holds its applications, says so, and goes on when it comes back', async () => {
    const before = await remove('refs/heads/feature/x');
    const { state, commit: on } = await told('refs/heads/feature/x', { before });
    expect([state, on]).toEqual(['failure', before]);
    expect(await valueOf('full')).toBe('forced');
    const shown = await appGet('full');
    expect(shown).toMatch(/Held: +refs\/heads\/feature\/x of .* is gone; push it again/);
    expect(shown).toMatch(/Sync: +Unknown/);
    const again = await bare.commit({ ref: 'refs/heads/feature/x', files: web('back') });
    expect((await told('refs/heads/feature/x', { after: again })).state).toBe('success');
    expect(await valueOf('full')).toBe('back');
    expect(await appGet('full')).not.toContain('Held');
    // With the very commit that it had: nothing is to be planned for that.
    const last = await remove('refs/heads/feature/x');
    await told('refs/heads/feature/x', { before: last });
    expect(await appGet('full')).toContain('Held');
    await bare.git('update-ref', 'refs/heads/feature/x', last);
    await told('refs/heads/feature/x', { after: last });
    expect(await appGet('full')).toMatch(/Sync: +Synced/);
  });

  it('a deleted branch gives way to the tag of its name', async () => {
    await tell('refs/heads/release', { before: await remove('refs/heads/release') });
    await becomes('branch', 'tag moved');
  });

  it('a redelivery of a sync that failed tries it again, of finished work it does nothing', async () => {
    const homeless = application(served.url, 'homeless', 'targetRevision: main')['apps/homeless.yaml'] ?? '';
    mainFiles['apps/homeless.yaml'] = homeless.replace('CreateNamespace=true', 'CreateNamespace=false');
    const moved = { ...(await commit('refs/heads/main', mainFiles)), delivery: 'redelivered' };
    expect((await told('refs/heads/main', moved)).state).toBe('failure');
    expect(await valueOf('homeless')).toBeUndefined();
    const cluster = openCluster(join(stateDir, 'kubeconfig'), 'dev');
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'homeless' } };
    await cluster.write('POST', '/api/v1/namespaces', namespace);
    const again = await told('refs/heads/main', moved);
    expect([again.state, again.commit]).toEqual(['success', moved.after]);
    expect(await valueOf('homeless')).toBe('main');
    const seen = towline.events.length;
    expect(await tell('refs/heads/main', moved)).toMatchObject({ code: 202, status: 'duplicate' });
    expect(towline.events.slice(seen).filter(({ event }) => event === 'change' || event === 'rollout')).toEqual([]);
  });

  it('polls find a missed push, and that another branch became the default', async () => {
    await towline.end();
    towline = launch({ TOWLINE_POLL_SECONDS: '1' });
    await towline.ready();
    await commit('refs/custom/place', web('polled'));

    await becomes('custom', 'polled');
    await commit('refs/heads/trunk', web('trunk'));
    await bare.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    await becomes('head', 'trunk');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCompareOptions } from '../../../../src/domain/diff/compare-options.ts';
import { type CompareInput, compareResource } from '../../../../src/domain/diff/compare-resource.ts';
import { differencesOf } from '../../../../src/domain/diff/differences.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { defaultSettings, type IgnoreRules } from '../../../../src/domain/settings/argo-settings.ts';

const MANAGER = 'argocd-controller';

const compare = (input: Partial<CompareInput>) =>
  compareResource({
    settings: defaultSettings(),
    fieldManager: MANAGER,
    deleteJqPaths: async (object) => object,
    ...input,
  });

const deployment = (spec: Record<string, unknown>, metadata: Partial<KubernetesObject['metadata']> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});

const owns = (fields: Record<string, unknown>, manager = MANAGER) => ({
  manager,
  operation: 'Apply' as const,
  fieldsType: 'FieldsV1',
  fieldsV1: fields,
});

const ignoring = (rules: Partial<IgnoreRules>): IgnoreRules => ({
  jsonPointers: [],
  jqPathExpressions: [],
  managedFieldsManagers: [],
  ...rules,
});

describe('compareResource', () => {
  it('tells a missing and an extraneous resource', async () => {
    const object = deployment({ replicas: 1 });
    expect(await compare({ desired: object })).toMatchObject({
      status: 'OutOfSync',
      differences: [{ path: '', desired: object, live: undefined }],
    });
    expect(await compare({ live: object })).toMatchObject({ status: 'OutOfSync', differences: [{ path: '' }] });
    expect(await compare({})).toMatchObject({ status: 'Synced', differences: [] });
  });

  it('leaves an extraneous resource alone that says so', async () => {
    const annotations = { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true, IgnoreExtraneous' };
    expect(await compare({ live: deployment({}, { annotations }) })).toMatchObject({
      status: 'Synced',
      differences: [],
    });
  });

  it('compares what the dry run predicts with what is live, not what the server writes', async () => {
    const desired = deployment({ replicas: 2 });
    const live = {
      ...deployment({ replicas: 1, paused: false }, { uid: 'u', resourceVersion: '1', generation: 1 }),
      status: { replicas: 1 },
    };
    const predicted = deployment(
      { replicas: 2, paused: false },
      { uid: 'u', resourceVersion: '2', generation: 2, managedFields: [owns({ 'f:spec': { 'f:replicas': {} } })] },
    );
    expect(await compare({ desired, live, predicted })).toMatchObject({
      status: 'OutOfSync',
      differences: [{ path: 'spec.replicas', desired: 2, live: 1 }],
    });
    expect(await compare({ desired, live: { ...live, spec: predicted.spec }, predicted })).toMatchObject({
      status: 'Synced',
      differences: [],
    });
  });

  describe('with a mutating webhook in the dry run', () => {
    const desired = deployment({ replicas: 1, template: { image: 'a' } });
    const mine = { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:image': {} } } };
    const live = deployment({ replicas: 1, template: { image: 'a', sidecar: 'v1' } }, { managedFields: [owns(mine)] });
    const predicted = deployment(
      { replicas: 1, template: { image: 'a', sidecar: 'v2', added: true } },
      { managedFields: [owns(mine)] },
    );

    it('leaves its changes out', async () => {
      expect((await compare({ desired, live, predicted })).status).toBe('Synced');
    });

    it('counts them where asked to', async () => {
      const { differences } = await compare({ desired, live, predicted, includeMutationWebhook: true });
      expect(differences.map(({ path }) => path)).toEqual(['spec.template.added', 'spec.template.sidecar']);
    });
  });

  it('sees a field that we give up and the server removes', async () => {
    const live = deployment(
      { replicas: 1, minReadySeconds: 5 },
      { managedFields: [owns({ 'f:spec': { 'f:replicas': {}, 'f:minReadySeconds': {} } })] },
    );
    const predicted = deployment({ replicas: 1 }, { managedFields: [owns({ 'f:spec': { 'f:replicas': {} } })] });
    expect(await compare({ desired: deployment({ replicas: 1 }), live, predicted })).toMatchObject({
      status: 'OutOfSync',
      differences: [{ path: 'spec.minReadySeconds', desired: undefined, live: 5 }],
    });
  });

  it('adds whole items of keyed lists, with their defaults', async () => {
    const containers = (...names: string[]) => ({ containers: names.map((name) => ({ name, policy: 'Always' })) });
    const fields = (...names: string[]) =>
      owns({
        'f:spec': {
          'f:containers': Object.fromEntries(names.map((name) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {} }])),
        },
      });
    const live = deployment(containers('b'), { managedFields: [fields('b')] });
    const predicted = deployment(containers('a', 'b'), { managedFields: [fields('a', 'b')] });
    const { differences } = await compare({ desired: predicted, live, predicted });
    expect(differences).toEqual([
      { path: 'spec.containers[1]', desired: { name: 'a', policy: 'Always' }, live: undefined },
    ]);
  });

  it('leaves out what the rules ignore', async () => {
    const desired = deployment({ replicas: 1, image: 'a', 'a/b': 1 });
    const live = deployment(
      { replicas: 5, image: 'b', 'a/b': 2 },
      { managedFields: [owns({ 'f:spec': { 'f:replicas': {} } }, 'autoscaler')] },
    );
    const paths = async (ignore: Partial<IgnoreRules>, deleteJqPaths?: CompareInput['deleteJqPaths']) =>
      (
        await compare({ desired, live, ignore: ignoring(ignore), ...(deleteJqPaths ? { deleteJqPaths } : {}) })
      ).differences.map(({ path }) => path);
    expect(await paths({})).toEqual(['spec["a/b"]', 'spec.image', 'spec.replicas']);
    expect(await paths({ managedFieldsManagers: ['autoscaler'] })).toEqual(['spec["a/b"]', 'spec.image']);
    expect(await paths({ managedFieldsManagers: ['auto'] })).toContain('spec.replicas');
    expect(await paths({ jsonPointers: ['/spec/replicas', '/spec/a~1b', '/spec/none/deep'] })).toEqual(['spec.image']);
    const seen: string[][] = [];
    await paths({ jqPathExpressions: ['.spec'] }, async (object, expressions) => {
      seen.push([...expressions]);
      return object;
    });
    expect(seen).toEqual([['.spec'], ['.spec']]);
  });

  it('does not mind that an object changes from label to annotation tracking', async () => {
    const desired = deployment(
      {},
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } },
    );
    const live = deployment({}, { labels: { 'app.kubernetes.io/instance': 'shop' } });
    expect((await compare({ desired, live })).status).toBe('Synced');
    const untracked = deployment({}, { labels: { other: 'x' } });
    expect((await compare({ desired, live: untracked })).status).toBe('OutOfSync');
  });

  it.each<[ReturnType<typeof defaultSettings>['compareOptions']['ignoreResourceStatusField'], string, string]>([
    ['all', 'Deployment', 'Synced'],
    ['none', 'Deployment', 'OutOfSync'],
    ['crd', 'Deployment', 'OutOfSync'],
    ['crd', 'CustomResourceDefinition', 'Synced'],
  ])('with ignoreResourceStatusField %s, the status of a %s: %s', async (field, kind, status) => {
    const settings = defaultSettings();
    settings.compareOptions.ignoreResourceStatusField = field;
    const desired = { ...deployment({}), kind, status: { a: 1 } };
    expect((await compare({ desired, live: { ...desired, status: { a: 2 } }, settings })).status).toBe(status);
  });
});

describe('a Secret', () => {
  const secret = (data: Record<string, unknown>, rest: Record<string, unknown> = {}): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data,
    ...rest,
  });

  it('is compared by what its texts encode to', async () => {
    const desired = secret({ a: 'eA==' }, { stringData: { b: 'Zoë', c: '' } });
    expect((await compare({ desired, live: secret({ a: 'eA==', b: 'Wm/Dqw==', c: null }) })).status).toBe('Synced');
  });

  it('shows which keys differ and nothing of the values', async () => {
    const { differences } = await compare({
      desired: secret({ same: 'c2FtZQ==', changed: 'bmV3', added: 'YWRkZWQ=' }),
      live: secret({ same: 'c2FtZQ==', changed: 'b2xkZXItYW5kLWxvbmdlcg==' }),
    });
    expect(differences).toEqual([
      { path: 'data.added', desired: '++++++++', live: undefined },
      { path: 'data.changed', desired: '++++++++', live: '++++++++++++' },
    ]);
  });

  it('never shows a value, wherever it stands', async () => {
    const value = fc.stringMatching(/^[a-z0-9]{12,20}$/);
    await fc.assert(
      fc.asyncProperty(value, value, async (one, other) => {
        const applied = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(secret({ a: other })) };
        const live = { ...secret({ a: btoa(other) }), metadata: { name: 's', annotations: applied } };
        const sides = [
          { desired: secret({}, { stringData: { a: one } }), live },
          { live },
          { desired: secret({ a: btoa(one) }, { stringData: { b: other } }) },
        ];
        for (const side of sides) {
          const text = JSON.stringify(await compare(side));
          for (const hidden of [one, other, btoa(one), btoa(other)]) expect(text).not.toContain(hidden);
        }
      }),
    );
  });

  it('masks the annotations that the settings name', async () => {
    const settings = { ...defaultSettings(), sensitiveAnnotations: ['token'] };
    const annotated = (token: string) => ({
      ...secret({}),
      metadata: { name: 's', annotations: { token, open: token } },
    });
    const { differences } = await compare({ desired: annotated('one'), live: annotated('two'), settings });
    expect(differences).toEqual([
      { path: 'metadata.annotations.open', desired: 'one', live: 'two' },
      { path: 'metadata.annotations.token', desired: '++++++++', live: '++++++++++++' },
    ]);
  });
});

describe('without a dry run', () => {
  it('defaults of the server are no difference', async () => {
    const desired = deployment({ ports: [{ containerPort: 80 }], empty: [], list: [{ a: 1 }] });
    const live = deployment({ ports: [{ containerPort: 80, protocol: 'TCP' }], other: 1, list: [{ a: 1, b: 2 }] });
    expect((await compare({ desired, live })).status).toBe('Synced');
  });

  it('what was applied and is no longer wanted is one', async () => {
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(
        deployment({ gone: 1, env: [{ name: 'A' }, { name: 'B' }] }),
      ),
    };
    const live = deployment({ gone: 1, env: [{ name: 'A' }, { name: 'B' }, { name: 'C' }] }, { annotations });
    const { differences } = await compare({ desired: deployment({ env: [{ name: 'A' }] }), live });
    expect(differences).toEqual([
      { path: 'spec.env[1].name', desired: 'C', live: 'B' },
      { path: 'spec.env[2]', desired: undefined, live: { name: 'C' } },
      { path: 'spec.gone', desired: undefined, live: 1 },
    ]);
  });
});

describe('without a dry run, on an object that we applied on the server', () => {
  it('what we own and no longer want is a difference, what others own is none', async () => {
    const fields = {
      'f:spec': { 'f:gone': {}, 'f:kept': {}, 'f:list': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
    };
    const live = deployment(
      { gone: 1, kept: 1, others: 1, list: [{ name: 'a' }, { name: 'b' }] },
      { managedFields: [owns(fields), owns({ 'f:spec': { 'f:others': {} } }, 'other')] },
    );
    const { differences } = await compare({ desired: deployment({ kept: 1, list: [] }), live });
    expect(differences.map(({ path }) => path)).toEqual(['spec.gone', 'spec.list[0].name', 'spec.list[1]']);
  });
});

describe('differences', () => {
  it('are none between a value and its copy, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(differencesOf(value, structuredClone(value))).toEqual([]);
      }),
    );
    expect(differencesOf({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
  });
});

describe('compare-options', () => {
  it.each([
    [undefined, { ignoreExtraneous: false, serverSideDiff: undefined, includeMutationWebhook: false }],
    ['ServerSideDiff=false', { ignoreExtraneous: false, serverSideDiff: false, includeMutationWebhook: false }],
    [
      'ServerSideDiff=true,IncludeMutationWebhook=true',
      { ignoreExtraneous: false, serverSideDiff: true, includeMutationWebhook: true },
    ],
    ['ignoreextraneous', { ignoreExtraneous: false, serverSideDiff: undefined, includeMutationWebhook: false }],
  ])('%s', (text, options) => {
    expect(readCompareOptions(text === undefined ? undefined : { 'argocd.argoproj.io/compare-options': text })).toEqual(
      options,
    );
  });
});

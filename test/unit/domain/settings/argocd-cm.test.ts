import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.ts';
import { defaultSettings, isExcluded } from '../../../../src/domain/settings/argo-settings.ts';
import { parseArgoSettings } from '../../../../src/domain/settings/argocd-cm.ts';
import { matchGlob } from '../../../../src/domain/settings/glob.ts';

const rules = (some: Partial<Record<'jsonPointers' | 'jqPathExpressions' | 'managedFieldsManagers', string[]>>) => ({
  jsonPointers: [],
  jqPathExpressions: [],
  managedFieldsManagers: [],
  ...some,
});

describe('argocd-cm', () => {
  it('says nothing: the defaults', () => {
    expect(parseArgoSettings({})).toEqual(defaultSettings());
  });

  it('reads one key per kind', () => {
    const { resourceOverrides } = parseArgoSettings({
      'resource.customizations.health.cert-manager.io_Certificate': 'return {}',
      'resource.customizations.useOpenLibs.cert-manager.io_Certificate': 'true',
      'resource.customizations.health.ConfigMap': 'return nil',
      'resource.customizations.ignoreDifferences.all': 'managedFieldsManagers: [kube-controller-manager]',
      'resource.customizations.ignoreResourceUpdates.apps_Deployment': 'jsonPointers: [/status]',
      'resource.customizations.knownTypeFields.apps_StatefulSet': '- { field: spec.x, type: core/v1/PodSpec }',
      'resource.customizations.actions.apps_Deployment': 'discovery.lua: return {}',
    });
    expect(resourceOverrides).toEqual([
      {
        groupKind: 'cert-manager.io/Certificate',
        health: { lua: 'return {}', openLibs: true },
        ignoreDifferences: rules({}),
        ignoreResourceUpdates: rules({}),
        knownTypeFields: [],
      },
      expect.objectContaining({ groupKind: 'ConfigMap', health: { lua: 'return nil', openLibs: false } }),
      expect.objectContaining({
        groupKind: '*/*',
        ignoreDifferences: rules({ managedFieldsManagers: ['kube-controller-manager'] }),
      }),
      expect.objectContaining({
        groupKind: 'apps/Deployment',
        ignoreResourceUpdates: rules({ jsonPointers: ['/status'] }),
      }),
      expect.objectContaining({
        groupKind: 'apps/StatefulSet',
        knownTypeFields: [{ field: 'spec.x', type: 'core/v1/PodSpec' }],
      }),
    ]);
  });

  it('reads the legacy key, and lets the newer form win', () => {
    const legacy = `
"*.example.com/*":
  health.lua: |
    return {status = "Healthy"}
  health.lua.useOpenLibs: true
admissionregistration.k8s.io/MutatingWebhookConfiguration:
  ignoreDifferences: |
    jsonPointers:
    - /webhooks/0/clientConfig/caBundle
    jqPathExpressions: ['.webhooks[].failurePolicy']
`;
    const settings = parseArgoSettings({
      'resource.customizations.health.example.com_Thing': 'new',
      'resource.customizations': `${legacy}\nexample.com/Thing:\n  health.lua: old\n`,
    });
    expect(settings.resourceOverrides.map(({ groupKind, health }) => [groupKind, health])).toEqual([
      ['*.example.com/*', { lua: 'return {status = "Healthy"}\n', openLibs: true }],
      ['admissionregistration.k8s.io/MutatingWebhookConfiguration', undefined],
      ['example.com/Thing', { lua: 'new', openLibs: false }],
    ]);
    expect(settings.resourceOverrides[1]?.ignoreDifferences).toEqual(
      rules({ jsonPointers: ['/webhooks/0/clientConfig/caBundle'], jqPathExpressions: ['.webhooks[].failurePolicy'] }),
    );
  });

  it('reads how resources are compared and tracked', () => {
    const settings = parseArgoSettings({
      'application.resourceTrackingMethod': 'annotation+label',
      'application.instanceLabelKey': 'example.com/app',
      installationID: 'hub-1',
      'resource.compareoptions': 'ignoreAggregatedRoles: true\nignoreResourceStatusField: crd\n',
      'resource.exclusions': '- apiGroups: [cilium.io]\n  kinds: [CiliumIdentity]\n  clusters: ["*"]\n',
      'resource.inclusions': '',
      'resource.sensitive.mask.annotations': 'a.example.com/token, b',
      'timeout.reconciliation': '120s',
    });
    expect(settings).toMatchObject({
      trackingMethod: 'annotation+label',
      instanceLabelKey: 'example.com/app',
      installationID: 'hub-1',
      compareOptions: {
        ignoreAggregatedRoles: true,
        ignoreResourceStatusField: 'crd',
        ignoreDifferencesOnResourceUpdates: true,
      },
      exclusions: [{ apiGroups: ['cilium.io'], kinds: ['CiliumIdentity'], clusters: ['*'] }],
      inclusions: [],
      sensitiveAnnotations: ['a.example.com/token', 'b'],
    });
  });

  it.each([
    ['crd', 'crd'],
    ['all', 'all'],
    ['none', 'none'],
    ['off', 'none'],
    ['"false"', 'none'],
    ['false', 'none'],
  ])('ignoreResourceStatusField: %s means %s', (written, meant) => {
    const { compareOptions } = parseArgoSettings({
      'resource.compareoptions': `ignoreResourceStatusField: ${written}`,
    });
    expect(compareOptions.ignoreResourceStatusField).toBe(meant);
  });

  it.each([
    [{ 'application.resourceTrackingMethod': 'magic' }, 'application.resourceTrackingMethod'],
    [{ 'resource.exclusions': 'a: [' }, 'resource.exclusions is not YAML (its line'],
    [{ 'resource.exclusions': '- kinds: Deployment' }, 'resource.exclusions kinds must be a list'],
    [{ 'resource.customizations': '- a' }, 'resource.customizations must be a map'],
    [{ 'resource.customizations.ignoreDifferences.apps_Deployment': 'jsonPointers: [1]' }, 'jsonPointers holds 1'],
    [{ 'resource.customizations.health.a_b_c': '' }, 'names no <group>_<kind>: "a_b_c"'],
    [{ 'resource.compareoptions': 'ignoreResourceStatusField: some' }, 'ignoreResourceStatusField is "some"'],
    [{ 'resource.compareoptions': 'ignoreAggregatedRoles: maybe' }, 'must be true or false'],
  ])('that is wrong names the key: %j', (data, message) => {
    const read = () => parseArgoSettings(data);
    expect(read).toThrow(AppError);
    expect(read).toThrow(message);
  });
});

describe('exclusions', () => {
  const settings = {
    exclusions: [{ apiGroups: ['*.internal.*'], kinds: [], clusters: ['https://prod-*'] }],
    inclusions: [],
  };
  it.each([
    ['', 'Event', 'x', true],
    ['', 'ConfigMap', 'x', false],
    ['coordination.k8s.io', 'Lease', 'x', true],
    ['metrics.k8s.io', 'PodMetrics', 'x', true],
    ['a.internal.io', 'Any', 'https://prod-1', true],
    ['a.internal.io', 'Any', 'https://test-1', false],
  ])('%s/%s on %s: %s', (group, kind, server, excluded) => {
    expect(isExcluded(settings, { group, kind, server })).toBe(excluded);
  });

  it('leave out whatever is not included', () => {
    const only = { exclusions: [], inclusions: [{ apiGroups: ['apps'], kinds: ['Deployment'], clusters: [] }] };
    expect(isExcluded(only, { group: 'apps', kind: 'Deployment', server: 's' })).toBe(false);
    expect(isExcluded(only, { group: 'apps', kind: 'DaemonSet', server: 's' })).toBe(true);
  });
});

describe('a glob', () => {
  it.each([
    ['*', 'apps/Deployment', true],
    ['*.example.com/*', 'a.b.example.com/Thing', true],
    ['*.example.com/*', 'example.com/Thing', false],
    ['apps/{Deployment,DaemonSet}', 'apps/DaemonSet', true],
    ['apps/{Deployment,DaemonSet}', 'apps/StatefulSet', false],
    ['a?c', 'abc', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['a.c', 'abc', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['[', '[', true],
    ['(a)+', 'a', false],
    ['', '', true],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matchGlob(pattern, text)).toBe(expected);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expandApplicationSet } from '../../../../../src/domain/fleet/applicationset/expand.ts';
import { type GeneratorInputs, NO_INPUTS } from '../../../../../src/domain/fleet/applicationset/generator-inputs.ts';
import type { ClusterConfig } from '../../../../../src/domain/fleet/fleet-file.ts';
import { gatherDocuments } from '../../../../../src/domain/fleet/gather-documents.ts';
import { compile, filesOf, fleetOf, linesOf, render } from './compile-texts.ts';

interface ClusterSelection {
  selector?: {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  values?: Record<string, string>;
}

interface BridgeCase {
  id: string;
  path: string;
  object: { spec: { generators: { merge: { generators: { clusters: ClusterSelection }[] } }[] } };
}

interface Secret {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

const BRIDGE = '../shared/corpus/gitops-bridge';
const present = existsSync(BRIDGE);
const bridge = present
  ? readFileSync(`${BRIDGE}/cases.jsonl`, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): BridgeCase => JSON.parse(line))
  : [];

describe.skipIf(!present)(
  `the gitops-bridge control plane (${present ? '' : 'skipped, there is no '}${BRIDGE})`,
  () => {
    const secrets: Secret[] = present ? JSON.parse(readFileSync(`${BRIDGE}/clusters.json`, 'utf8')) : [];
    const value = ({ data, stringData }: Secret, key: string): string =>
      stringData?.[key] ?? Buffer.from(data?.[key] ?? '', 'base64').toString();
    const clusters = secrets.map(
      (secret): ClusterConfig => ({
        name: value(secret, 'name'),
        server: value(secret, 'server'),
        labels: secret.metadata.labels,
        annotations: secret.metadata.annotations,
        access: { type: 'embedded' },
      }),
    );

    /** How many clusters the first child finds: as many applications there have to be. */
    const wanted = ({ object }: BridgeCase): number => {
      const { selector = {} } = object.spec.generators[0]?.merge.generators[0]?.clusters ?? {};
      const { matchLabels = {}, matchExpressions = [] } = selector;
      return clusters.filter(({ labels }) => {
        const isIn = ({ key, operator, values = [] }: (typeof matchExpressions)[number]): boolean => {
          if (operator === 'Exists') return key in labels;
          return values.includes(labels[key] ?? '') === (operator === 'In');
        };
        return (
          Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(isIn)
        );
      }).length;
    };

    it.each(bridge)('$id', (one) => {
      const snapshot = compile({ [one.path]: JSON.stringify(one.object) }, { fleet: fleetOf(clusters) });
      expect(linesOf(snapshot)).toEqual([]);
      expect(snapshot.applications).toHaveLength(wanted(one));
      const values = Object.keys(one.object.spec.generators[0]?.merge.generators[0]?.clusters.values ?? {});
      const text = JSON.stringify(snapshot.applications);
      expect(text).not.toContain('<no value>');
      // A placeholder without a param stays, as in Argo CD: one that only children without a cluster would fill in.
      const left = [...text.matchAll(/\{\{\s*(.+?)\s*\}\}/g)].map(([, name = '']) => name);
      expect(
        left.filter((name) => !name.startsWith('values.') || values.includes(name.slice('values.'.length))),
      ).toEqual([]);
    });
  },
);

interface ExampleCase {
  id: string;
  fn: string;
  object: Record<string, unknown>;
  files: Record<string, string>;
}

const EXAMPLES = '../shared/corpus/applicationset/cases.jsonl';
const hasExamples = existsSync(EXAMPLES);
const examples = hasExamples
  ? readFileSync(EXAMPLES, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): ExampleCase => JSON.parse(line))
  : [];

describe.skipIf(!hasExamples)(`Argo CD’s examples (${hasExamples ? '' : 'skipped, there is no '}${EXAMPLES})`, () => {
  const contents = Object.assign({}, ...examples.filter(({ fn }) => fn === 'exampleFiles').map(({ files }) => files));
  const files = Object.keys(contents);
  const parents = (path: string): string[] =>
    path.split('/').flatMap((_part, index, parts) => (index === 0 ? [] : [parts.slice(0, index).join('/')]));
  const tree = { directories: [...new Set(files.flatMap(parents))].sort(), files, contents };
  /** Answers whatever repository is asked for with the examples' own files. */
  const git = new Proxy<GeneratorInputs['git']>({}, { get: () => tree });
  const clusters = [
    { name: 'dev', server: 'https://1.2.3.4', labels: { environment: 'dev', env: 'dev' }, annotations: {} },
  ];
  /** What the generator asks of someone else, or of another kind, is not answered here. */
  const NOT_SERVED = /clusterDecisionResource|pull-request-generator|scm-provider-generator/;

  it.each(examples.filter(({ fn, id }) => fn === 'example' && !NOT_SERVED.test(id)))('$id', ({ object }) => {
    const { applicationSets, problems } = gatherDocuments(filesOf({ 'a.yaml': JSON.stringify(object) }), undefined);
    expect(problems.filter(({ severity }) => severity !== 'warning')).toEqual([]);
    const [set] = applicationSets;
    if (!set) throw new Error('no set');
    expect(expandApplicationSet(set, { ...NO_INPUTS, clusters, git }, render)).toHaveProperty('manifests');
  });
});

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, describe, expect, it } from 'vitest';
import { createInvokedExpander } from '../../src/adapters/aws/invoke-expander.ts';
import { createSetExpander } from '../../src/adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../../src/adapters/jq/delete-jq-paths.ts';
import type { ApplicationSet } from '../../src/domain/fleet/applicationset/application-set.ts';
import { NO_INPUTS } from '../../src/domain/fleet/applicationset/generator-inputs.ts';
import { startInvokeServer } from '../../src/local/lambda/invoke-server.ts';
import type { SetExpander } from '../../src/ports/set-expander.ts';

const temporary = mkdtempSync(join(tmpdir(), 'towline-expand-'));
// No tool is run by an expansion.
const server = await startInvokeServer({ helm: '/none', kubectl: '/none', temporary, timeoutMilliseconds: 10_000 });
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const client = new LambdaClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });

afterAll(async () => {
  client.destroy();
  await server.close();
  await rm(temporary, { recursive: true, force: true });
});

const setOf = (name: string, overrides: Partial<ApplicationSet> = {}): ApplicationSet => ({
  name: 'set',
  namespace: 'argocd',
  generators: [{ list: { elements: [{ name: 'a' }, { name: 'b' }] } }],
  template: { metadata: { name } },
  goTemplate: true,
  goTemplateOptions: ['missingkey=error'],
  preserveResourcesOnDeletion: true,
  applicationsSync: 'sync',
  origin: { file: 'apps/set.yaml', line: 1 },
  ...overrides,
});

const describeExpander = (name: string, expander: SetExpander): void => {
  describe(`set expander: ${name}`, () => {
    it('renders Go templates, and tells what was read', async () => {
      const clusters = [{ name: 'dev', server: 'https://dev', labels: {}, annotations: { account: '1' } }];
      const set = setOf('{{ upper .name }}-{{ .metadata.annotations.account }}', { generators: [{ clusters: {} }] });
      const expansion = await expander.expand(set, { ...NO_INPUTS, clusters });
      expect(expansion).toMatchObject({
        manifests: [{ kind: 'Application', metadata: { name: 'DEV-1', namespace: 'argocd' } }],
        reads: [{ type: 'clusters', selector: {} }],
      });
    });

    it('says what it needs to know first', async () => {
      const git = { repoURL: 'https://git.example.com/a', revision: 'main', directories: [{ path: '*' }] };
      const expansion = await expander.expand(setOf('{{ .path.basename }}', { generators: [{ git }] }), NO_INPUTS);
      expect(expansion).toEqual({ needs: [{ type: 'git', repoURL: git.repoURL, revision: 'main' }] });
    });

    it('a template that fails is a failure of the set, in the words of the template engine', async () => {
      expect(await expander.expand(setOf('{{ .nmae }}'), NO_INPUTS)).toMatchObject({
        error: expect.stringContaining('nmae'),
      });
    });

    it.each(['{{ env "PATH" }}', '{{ expandenv "$PATH" }}', '{{ getHostByName "example.com" }}'])(
      '%s is not to be had',
      async (template) =>
        expect(await expander.expand(setOf(template), NO_INPUTS)).toMatchObject({
          error: expect.stringContaining('not defined'),
        }),
    );

    describe('jq expressions of what it leaves alone', () => {
      const before = {
        a: {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Application',
          metadata: { name: 'a' },
          spec: { sources: [{ path: 'old', helm: { parameters: [{ name: 'tag', value: '1' }] } }] },
        },
      };
      const keeping = (jqPathExpressions: string[], name?: string): ApplicationSet =>
        setOf('{{ .name }}', {
          template: {
            metadata: { name: '{{ .name }}' },
            spec: { source: { path: 'new', helm: { parameters: [{ name: 'tag', value: '2' }] } } },
          },
          ignoreApplicationDifferences: [{ jqPathExpressions, ...(name === undefined ? {} : { name }) }],
        });
      const specs = async (set: ApplicationSet) => {
        const expansion = await expander.expand(set, NO_INPUTS, before);
        return 'manifests' in expansion ? expansion.manifests.map(({ spec }) => spec) : expansion;
      };
      const made = (path: string, value: string) => ({
        source: { path, helm: { parameters: [{ name: 'tag', value }] } },
      });

      it('keep what they select as it was, in all Applications or the one that is named', async () => {
        const tag = '.spec.source.helm.parameters[] | select(.name == "tag") | .value';
        expect(await specs(keeping([tag]))).toEqual([made('new', '1'), made('new', '2')]);
        expect(await specs(keeping([tag, '.spec.source.path'], 'a'))).toEqual([made('old', '1'), made('new', '2')]);
        expect(await specs(keeping([tag], 'b'))).toEqual([made('new', '2'), made('new', '2')]);
        expect(await specs(keeping(['.spec.none[]']))).toEqual([made('new', '2'), made('new', '2')]);
      });

      it('that are no jq, or never end, are a failure of the set that names them', async () => {
        expect(await specs(keeping(['.spec', '.spec[']))).toEqual({
          error: 'spec.ignoreApplicationDifferences.0.jqPathExpressions.1: not a jq path expression: .spec[',
          reads: expect.any(Array),
        });
        expect(await specs(keeping(['.spec | until(false; .)']))).toMatchObject({
          error: expect.stringContaining('jqPathExpressions.0: jq path expression takes longer than 1000 ms'),
        });
        expect(await specs(keeping(['.spec.source.path']))).toEqual([made('old', '2'), made('new', '2')]);
      });
    });

    it('takes ten thousand Applications', async () => {
      const elements = Array.from({ length: 10_000 }, (_, index) => ({ name: `application-${index}` }));
      const expansion = await expander.expand(
        setOf('{{ .name }}', { generators: [{ list: { elements } }] }),
        NO_INPUTS,
      );
      expect('manifests' in expansion && expansion.manifests).toHaveLength(10_000);
    });
  });
};

describeExpander('in the sandbox', createSetExpander({ deleteJqPaths: createDeleteJqPaths() }));
describeExpander('invoked through Lambda', createInvokedExpander(client, 'towline-sandbox'));

describe('a hostile template', () => {
  const expander = createInvokedExpander(client, 'towline-sandbox');

  it('that asks for more memory than there is fails by itself, and the next set is served', async () => {
    const hog = setOf('{{ repeat 5000000000 "xx" }}');
    expect(await expander.expand(hog, NO_INPUTS)).toMatchObject({ error: expect.any(String) });
    expect(await expander.expand(setOf('{{ .name }}'), NO_INPUTS)).toHaveProperty('manifests');
  });

  it('that never ends is stopped, and the next set is served', async () => {
    const loop = '{{ range until 100000 }}{{ range until 100000 }}{{ sha256sum "x" }}{{ end }}{{ end }}';
    const answer = await expander.expand(setOf(loop), NO_INPUTS);
    expect(answer).toEqual({ error: 'its templates took too long and were stopped' });
    expect(await expander.expand(setOf('{{ .name }}'), NO_INPUTS)).toHaveProperty('manifests');
  });

  it('whose inputs no invocation can carry is refused with what to do', async () => {
    const noise = Array.from({ length: 400_000 }, (_, index) => `${Math.sin(index)}${Math.cos(index)}`);
    const git = { 'https://git.example.com/a#main': { directories: noise, files: [], contents: {} } };
    expect(await expander.expand(setOf('x'), { ...NO_INPUTS, git })).toEqual({
      error: expect.stringMatching(/takes \d+ MB packed, 4 MB at most are taken: name narrower paths/),
    });
  });
});

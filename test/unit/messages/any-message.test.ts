import type { SQSRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSqsHandler } from '../../../src/adapters/aws/sqs-handler.ts';
import { readYaml } from '../../../src/domain/sources/yaml-documents.ts';
import { ChangeMessageSchema } from '../../../src/messages/change.ts';
import { RenderMessageSchema } from '../../../src/messages/render.ts';
import { ReportMessageSchema } from '../../../src/messages/report.ts';
import { SyncMessageSchema } from '../../../src/messages/sync.ts';
import { createMemoryLog } from '../../fakes/memory-ports.ts';

const PIECES = ['', '{', '[', ': ', '\n', '- ', '&a ', '*a', '!!x ', 'null', '5', '"', '__proto__', '<<: ', '---\n'];

/** A text with one slip: a piece cut out, another put in its place. */
const slipped = (seed: string) =>
  fc
    .tuple(fc.nat(seed.length), fc.nat(20), fc.oneof(fc.constantFrom(...PIECES), fc.string()))
    .map(([at, cut, put]) => seed.slice(0, at) + put + seed.slice(at + cut));

const recordOf = (body: string) =>
  ({ messageId: 'm', body, attributes: { ApproximateReceiveCount: '1' } }) as SQSRecord;

describe('any message', () => {
  it.each([
    ['changes', ChangeMessageSchema, '{"version":1,"repository":"https://x.y/z","ref":"refs/heads/a","cause":"push"}'],
    ['renders', RenderMessageSchema, '{"version":1,"renderKeys":["k"],"applications":["argocd/web"]}'],
    ['syncs', SyncMessageSchema, '{"version":1,"application":"argocd/web","hops":0}'],
    ['reports', ReportMessageSchema, '{"version":1,"rollout":"r"}'],
  ] as const)('of %s is handled, or goes back alone while its neighbour is handled', async (_, schema, good) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(slipped(good), fc.json(), fc.string()), async (body) => {
        let handled = 0;
        const handle = (): Promise<void> => {
          handled += 1;
          return Promise.resolve();
        };
        const log = createMemoryLog();
        const handler = createSqsHandler({ log, retryIn: () => Promise.resolve() }, schema, handle);
        const neighbour = { ...recordOf(good), messageId: 'neighbour' };
        const { batchItemFailures } = await handler({ Records: [recordOf(body), neighbour] });
        expect(batchItemFailures.filter(({ itemIdentifier }) => itemIdentifier !== 'm')).toEqual([]);
        expect(handled).toBeGreaterThan(0);
        expect(log.lines).toHaveLength(batchItemFailures.length);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('any manifest', () => {
  it('is read, or says why not', () => {
    const seed =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  x: &a "1"\n  y: *a\n---\nkind: List\n';
    fc.assert(
      fc.property(fc.oneof(slipped(seed), fc.string()), (text) => {
        const { documents, problem } = readYaml(text);
        expect(Array.isArray(documents)).toBe(true);
        if (problem) expect(problem.reason).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });
});

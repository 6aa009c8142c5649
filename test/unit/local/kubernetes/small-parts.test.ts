import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { durationMilliseconds } from '../../../../src/local/kubernetes/controllers/annotations.ts';
import { createTimetable } from '../../../../src/local/kubernetes/controllers/timetable.ts';
import { makeCertificate } from '../../../../src/local/kubernetes/http/certificate.ts';
import { readProtobuf } from '../../../../src/local/kubernetes/http/protobuf.ts';
import { embeddedKubeconfig } from '../../../../src/local/kubernetes/kubeconfig.ts';
import { jsonPathText } from '../../../../src/local/kubernetes/read/json-path.ts';
import { ageText } from '../../../../src/local/kubernetes/read/table.ts';
import { fieldFilter, labelFilter } from '../../../../src/local/kubernetes/selectors.ts';
import { nameCauses } from '../../../../src/local/kubernetes/validation/names.ts';

const labelled = (labels: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels },
});

test.each([
  ['a=b', true],
  ['a==b,c', true],
  ['a!=b', false],
  ['x!=y', true],
  ['a in (x, b)', true],
  ['a notin (b)', false],
  ['x notin (b)', true],
  ['!a', false],
  ['!x', true],
  ['', true],
])('label selector %s', (selector, wanted) => {
  expect(labelFilter(selector)(labelled({ a: 'b', c: '' }))).toBe(wanted);
});

test('a label selector that cannot be read is refused', () => {
  expect(() => labelFilter('a b c')).toThrow('unable to parse requirement');
});

test('field selectors know the fields of their kind only', () => {
  const pod = { ...labelled({}), spec: { nodeName: 'n' } };
  expect(fieldFilter('metadata.name=p,spec.nodeName!=m', '', 'Pod')(pod)).toBe(true);
  expect(() => fieldFilter('spec.nodeName=n', '', 'ConfigMap')).toThrow('field label not supported: spec.nodeName');
});

test.each([
  ['2s', 2_000],
  ['1m30s', 90_000],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['soon', undefined],
  ['5', undefined],
])('duration %s', (text, wanted) => expect(durationMilliseconds(text)).toBe(wanted));

test.each([
  [30, '30s'],
  [119, '119s'],
  [125, '2m5s'],
  [3_600 * 3, '3h'],
  [86_400 * 12, '12d'],
])('an age of %d s', (seconds, wanted) => {
  const now = Date.parse('2026-01-20T00:00:00Z');
  expect(ageText(new Date(now - seconds * 1_000).toISOString(), now)).toBe(wanted);
});

test.each([
  ['.spec.size', 'S'],
  ['.status.conditions[?(@.type=="Ready")].status', 'True'],
  ['.spec.list[1]', 'b'],
  ['.metadata.labels.example\\.com/x', 'y'],
  ['.spec.missing', ''],
])('printer column %s', (path, wanted) => {
  const object = {
    metadata: { labels: { 'example.com/x': 'y' } },
    spec: { size: 'S', list: ['a', 'b'] },
    status: {
      conditions: [
        { type: 'Other', status: 'False' },
        { type: 'Ready', status: 'True' },
      ],
    },
  };
  expect(jsonPathText(object, path)).toBe(wanted);
});

test.each([
  ['', 'Pod', 'a.b-c', 0],
  ['', 'Pod', 'A', 1],
  ['', 'Service', '1a', 1],
  ['', 'Namespace', 'a.b', 1],
  ['rbac.authorization.k8s.io', 'Role', 'system:x', 0],
  ['', 'ConfigMap', '', 1],
])('name of %s/%s %j', (group, kind, name, wrong) => expect(nameCauses(group, kind, name)).toHaveLength(wrong));

test('the certificate signs itself, for loopback, as its own authority', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  const { certificate, key } = makeCertificate(now);
  const parsed = new X509Certificate(certificate);
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(parsed.checkHost('localhost')).toBe('localhost');
  expect(parsed.ca).toBe(true);
  expect(new Date(parsed.validTo).getFullYear()).toBe(2036);
  expect(key).toContain('PRIVATE KEY');
});

test('one kubeconfig has a context for each cluster', () => {
  const clusters = [
    { name: 'one', url: 'https://127.0.0.1:1', token: 't1', certificateAuthority: 'PEM' },
    { name: 'two', url: 'https://127.0.0.1:2', token: 't2' },
  ];
  const parsed: unknown = parse(embeddedKubeconfig(clusters));
  expect(parsed).toMatchObject({
    'current-context': 'one',
    contexts: [{ name: 'one' }, { name: 'two', context: { cluster: 'two', user: 'two' } }],
    users: [{ user: { token: 't1' } }, { user: { token: 't2' } }],
  });
});

describe('the timetable', () => {
  test('runs each work once, at its time, replaced by key', async () => {
    const ran: string[] = [];
    const timetable = createTimetable(Date.now, () => undefined);
    await new Promise<void>((resolve) => {
      timetable.plan('a', Date.now(), () => ran.push('replaced'));
      timetable.plan('a', Date.now() + 2, () => ran.push('a'));
      timetable.plan('b', Date.now() + 4, () => {
        ran.push('b');
        resolve();
      });
    });
    timetable.stop();
    expect(ran).toEqual(['a', 'b']);
  });

  test('goes on after work that throws', async () => {
    const errors: unknown[] = [];
    const timetable = createTimetable(Date.now, (error) => errors.push(error));
    await new Promise<void>((resolve) => {
      timetable.plan('a', Date.now(), () => {
        throw new Error('no');
      });
      timetable.plan('b', Date.now() + 2, resolve);
    });
    timetable.stop();
    expect(errors).toHaveLength(1);
  });
});

describe('protobuf', () => {
  const bytes = (number: number, content: Uint8Array) =>
    Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
  const text = (number: number, value: string) => bytes(number, Buffer.from(value));
  const envelope = (apiVersion: string, kind: string, message: Uint8Array) =>
    Buffer.concat([
      Buffer.from('k8s\u0000'),
      bytes(1, Buffer.concat([text(1, apiVersion), text(2, kind)])),
      bytes(2, message),
    ]);

  test('reads metadata, maps, bytes and pointers, and leaves zero values out', () => {
    const metadata = Buffer.concat([text(1, 'm'), text(3, '')]);
    const entry = Buffer.concat([text(1, 'k'), text(2, 'v')]);
    const immutable = Buffer.from([4 * 8, 0]);
    const message = Buffer.concat([bytes(1, metadata), bytes(2, entry), bytes(3, entry), immutable]);
    expect(readProtobuf(envelope('v1', 'ConfigMap', message))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
      data: { k: 'v' },
      binaryData: { k: 'dg==' },
      immutable: false,
    });
  });

  test.each([
    ['no magic', Buffer.from('{}')],
    ['an unknown kind', envelope('v1', 'Unheard', Buffer.alloc(0))],
    ['a length beyond the end', envelope('v1', 'ConfigMap', Buffer.from([10, 9]))],
  ])('refuses %s', (_name, body) => {
    expect(() => readProtobuf(body)).toThrow();
  });
});

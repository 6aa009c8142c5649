import { describe, expect, test } from 'vitest';
import type { RunCommand } from '../../../../src/adapters/kubernetes/exec-credentials.ts';
import { kubeconfigAccess } from '../../../../src/adapters/kubernetes/kubeconfig.ts';
import { createRunCommand } from '../../../../src/local/run-command.ts';

const V1 = 'client.authentication.k8s.io/v1';
const PATH = '/home/a/.kube/config';

const kubeconfig = (exec: object, cluster: object = {}): string =>
  JSON.stringify({
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'one', user: 'someone' } }],
    clusters: [{ name: 'one', cluster: { server: 'https://one.example.com', ...cluster } }],
    users: [{ name: 'someone', user: { exec: { apiVersion: V1, command: 'aws', ...exec } } }],
  });

const answer = (status: object, apiVersion = V1): string =>
  JSON.stringify({ kind: 'ExecCredential', apiVersion, status });

/** A kubeconfig's access with a command that answers with these texts, one after another, the last again and again. */
const accessWith = async (exec: object, answers: string[], cluster: object = {}) => {
  const time = { now: 0 };
  const asked: Parameters<RunCommand>[0][] = [];
  const run: RunCommand = async (command) => {
    asked.push(command);
    return { code: 0, stdout: answers[asked.length - 1] ?? answers.at(-1) ?? '', stderr: 'chatter' };
  };
  const readFile = async () => Buffer.from(kubeconfig(exec, cluster));
  const access = kubeconfigAccess({ clock: () => time.now, readFile, run });
  return { time, asked, access: () => access({ path: PATH }) };
};

describe('a kubeconfig whose user runs a command', () => {
  test('gets a token from it, with arguments, variables and what it is told of the cluster', async () => {
    const exec = {
      args: ['eks', 'get-token'],
      env: [{ name: 'AWS_PROFILE', value: 'me' }],
      provideClusterInfo: true,
    };
    const cluster = {
      'certificate-authority-data': Buffer.from('CA').toString('base64'),
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
    };
    const { access, asked } = await accessWith(exec, [answer({ token: 'abc' })], cluster);
    expect(await (await access()).credentials.header()).toBe('Bearer abc');
    expect(asked).toMatchObject([{ command: 'aws', args: ['eks', 'get-token'], env: { AWS_PROFILE: 'me' } }]);
    expect(JSON.parse(asked[0]?.env['KUBERNETES_EXEC_INFO'] ?? '')).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: {
        interactive: false,
        cluster: {
          server: 'https://one.example.com',
          'certificate-authority-data': Buffer.from('CA').toString('base64'),
          config: { audience: 'x' },
        },
      },
    });
  });

  test('tells nothing of the cluster where it does not ask, and knows v1beta1', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1beta1';
    const { access, asked } = await accessWith({ apiVersion }, [answer({ token: 'abc' }, apiVersion)]);
    expect(await (await access()).credentials.header()).toBe('Bearer abc');
    expect(JSON.parse(asked[0]?.env['KUBERNETES_EXEC_INFO'] ?? '')).toEqual({
      kind: 'ExecCredential',
      apiVersion,
      spec: { interactive: false },
    });
  });

  test('runs it once until the credential expires, and after a refusal', async () => {
    const expirationTimestamp = new Date(100_000).toISOString();
    const tokens = [
      answer({ token: 'one', expirationTimestamp }),
      answer({ token: 'two' }),
      answer({ token: 'three' }),
    ];
    const { access, asked, time } = await accessWith({}, tokens);
    const { credentials } = await access();
    expect(await Promise.all([credentials.header(), credentials.header()])).toEqual(['Bearer one', 'Bearer one']);
    time.now = 89_000;
    expect(await credentials.header()).toBe('Bearer one');
    time.now = 91_000;
    expect(await credentials.header()).toBe('Bearer two');
    time.now = 10_000_000;
    expect(await credentials.header()).toBe('Bearer two');
    expect(credentials.renew('Bearer one')).toBe(true);
    expect(await credentials.header()).toBe('Bearer two');
    expect(credentials.renew('Bearer two')).toBe(true);
    expect(await credentials.header()).toBe('Bearer three');
    expect(asked).toHaveLength(3);
  });

  test('takes a client certificate, and the next one', async () => {
    const pair = (name: string) => answer({ clientCertificateData: `cert ${name}`, clientKeyData: `key ${name}` });
    const { access, time } = await accessWith({}, [pair('one'), pair('two')]);
    const first = await access();
    expect(first.endpoint).toMatchObject({ clientCertificate: 'cert one', clientKey: 'key one' });
    expect(await first.credentials.header()).toBeUndefined();
    first.credentials.renew(undefined);
    time.now += 2_000;
    expect((await access()).endpoint).toMatchObject({ clientCertificate: 'cert two' });
  });

  test.for([
    ['a path is relative to the kubeconfig', './bin/login', '/home/a/.kube/bin/login'],
    ['a bare name is looked for', 'login', 'login'],
    ['an absolute one is itself', '/opt/login', '/opt/login'],
  ] as const)('%s', async ([, command, expected]) => {
    const { access, asked } = await accessWith({ command }, [answer({ token: 'abc' })]);
    await (await access()).credentials.header();
    expect(asked[0]?.command).toBe(expected);
  });

  test.for([
    ['no JSON', {}, 'hunter2', 'printed no ExecCredential'],
    ['nothing in it', {}, answer({}), 'neither a token nor a client certificate'],
    ['another version', {}, answer({ token: 'hunter2' }, `${V1}beta1`), 'the kubeconfig wants'],
    ['somebody to ask', { interactiveMode: 'Always' }, answer({ token: 'hunter2' }), 'interactiveMode: Always'],
  ] as const)('refuses %s, and repeats nothing of the answer', async ([, exec, stdout, words]) => {
    const { access } = await accessWith({ ...exec, installHint: 'install it' }, [stdout]);
    const error: unknown = await access().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'kubeconfig-exec-failed', kind: 'permanent' });
    expect(String(error)).toContain(words);
    expect(String(error)).toContain('install it');
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('the command that is run', () => {
  const run = createRunCommand({ PATH: process.env['PATH'], MINE: 'kept' });

  test('has the user’s variables and its own, and no input', async () => {
    const script = 'process.stdin.on("end", () => console.log(process.env.MINE, process.env.OWN)).resume()';
    const ran = await run({ command: process.execPath, args: ['-e', script], env: { OWN: 'given' } });
    expect(ran).toEqual({ code: 0, stdout: 'kept given\n', stderr: '' });
  });

  test('says how it failed', async () => {
    const failing = {
      command: process.execPath,
      args: ['-e', 'console.error("sso expired"); process.exit(3)'],
      env: {},
    };
    expect(await run(failing)).toMatchObject({ code: 3, stderr: 'sso expired\n' });
    expect(await run({ command: '/no/such/program', args: [], env: {} })).toMatchObject({
      code: undefined,
      stderr: 'ENOENT',
    });
  });
});

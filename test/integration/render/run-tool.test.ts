import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { TOOL_VERSIONS } from '../../../functions/wiring/tool-versions.ts';
import { createSandbox, type SandboxConfig } from '../../../src/adapters/render/create-sandbox.ts';
import { startInvokeServer } from '../../../src/local/lambda/invoke-server.ts';
import { errorOf, helmBundle, kustomizeBundle } from '../../contracts/sandbox-suite.ts';
import { localTools } from '../../fakes/local-tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'towline-run-tool-'));
const temporary = join(folder, 'renders');
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A sandbox whose tools are a shell script. */
const withTool = (script: string, more: Partial<SandboxConfig> = {}) => {
  const tool = join(mkdtempSync(join(folder, 'tool-')), 'tool');
  writeFileSync(tool, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`, { mode: 0o755 });
  return createSandbox({ helm: tool, kubectl: tool, temporary, ...more });
};

const bundle = kustomizeBundle({ 'a/kustomization.yaml': '' });
/** False also for a process that has ended and is only waiting for somebody to ask how. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a tool that misbehaves', () => {
  it('is stopped at the deadline with everything that it started', async () => {
    const pids = join(folder, 'pids');
    const sandbox = withTool(`sleep 60 & echo $! > ${pids}; echo $$ >> ${pids}; wait`, { deadlineMilliseconds: 2_000 });
    expect(errorOf(await sandbox.render(bundle))).toEqual({
      code: 'render-timeout',
      message: 'kustomize a took more than 2 s and was stopped',
    });
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    await expect.poll(() => started.some(isAlive)).toBe(false);
  });

  it('leaves nobody behind that it started, also where it ends well', async () => {
    const pids = join(folder, 'left');
    await withTool(`sleep 60 >/dev/null 2>&1 & echo $! > ${pids}`).render(bundle);
    const left = Number(readFileSync(pids, 'utf8'));
    await expect.poll(() => isAlive(left)).toBe(false);
  });

  it('is stopped when it prints too much', async () => {
    const sandbox = withTool('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done', { stdoutBytes: 100_000 });
    expect(errorOf(await sandbox.render(bundle))).toMatchObject({ code: 'render-too-large' });
  });

  it('cannot fill the disk with one file', async () => {
    const sandbox = withTool('head -c 200000000 /dev/zero > big; wc -c < big >&2; exit 1');
    expect(
      Number(
        /\d+/.exec(
          errorOf(await sandbox.render(bundle))
            .message.split(': ')
            .at(-1) ?? '',
        )?.[0],
      ),
    ).toBeLessThan(200_000_000);
  });

  it('gets an environment of its own and no more', async () => {
    const sandbox = withTool('/usr/bin/env -u PWD -u _ -u SHLVL | sed "s/=.*//" | sort | tr "\\n" " " >&2; exit 1');
    expect(errorOf(await sandbox.render(bundle)).message).toBe(
      'a/kustomization.yaml: GOGC GOMEMLIMIT HELM_CACHE_HOME HELM_CONFIG_HOME HELM_DATA_HOME HELM_PLUGINS HOME HTTPS_PROXY HTTP_PROXY KUBECONFIG PATH TMPDIR',
    );
  });

  it('that is not there is named with the setting that says where it is', async () => {
    const sandbox = createSandbox({ helm: '/nonexistent/helm', kubectl: '/nonexistent/kubectl', temporary });
    expect(errorOf(await sandbox.render(helmBundle({})))).toMatchObject({
      code: 'tool-missing',
      message: expect.stringMatching(/TOWLINE_HELM/),
    });
    expect(errorOf(await sandbox.render(bundle))).toMatchObject({
      code: 'tool-missing',
      message: expect.stringMatching(/TOWLINE_KUBECTL/),
    });
  });

  it('leaves no file behind', () => {
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('the real tools', () => {
  it('are of the versions that the render keys say', async () => {
    const { helm, kubectl } = await localTools();
    expect(execFileSync(helm, ['version', '--template', '{{.Version}}'], { encoding: 'utf8' })).toBe(
      `v${TOOL_VERSIONS.helm}`,
    );
    expect(execFileSync(kubectl, ['version', '--client'], { encoding: 'utf8' })).toContain(`v${TOOL_VERSIONS.kubectl}`);
  });

  it('cannot take the machine with a template that never ends', async () => {
    const sandbox = createSandbox({ ...(await localTools()), temporary, deadlineMilliseconds: 2_000 });
    const files = { 'c/templates/x.yaml': '{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}' };
    expect(errorOf(await sandbox.render(helmBundle(files))).code).toMatch(/^render-/);
  });
});

describe('the sandbox process of the local stack', () => {
  const post = async (endpoint: string, name: string, body: string) => {
    const response = await fetch(`${endpoint}/2015-03-31/functions/${name}/invocations`, { method: 'POST', body });
    return {
      status: response.status,
      failed: response.headers.get('x-amz-function-error'),
      body: await response.json(),
    };
  };

  it('is started again after an invocation that outlived its time', async () => {
    const slow = join(folder, 'slow');
    writeFileSync(slow, '#!/bin/sh\nexec /bin/sleep 60\n', { mode: 0o755 });
    const server = await startInvokeServer({ helm: slow, kubectl: '/bin/echo', temporary, timeoutMilliseconds: 6_000 });
    try {
      const late = await post(server.endpoint, 'sandbox', JSON.stringify({ json: helmBundle({}) }));
      expect(late).toMatchObject({ status: 200, failed: 'Unhandled', body: { errorType: 'Sandbox.Timedout' } });
      const again = await post(server.endpoint, 'sandbox', JSON.stringify({ json: bundle }));
      expect(again).toMatchObject({
        status: 200,
        failed: null,
        body: { json: { ok: false, error: { code: 'render-output-invalid' } } },
      });
    } finally {
      await server.close();
    }
  });

  it('refuses what is no invocation', async () => {
    const server = await startInvokeServer({ helm: '/bin/false', kubectl: '/bin/false', temporary });
    try {
      expect((await post(server.endpoint, 'sandbox', '{')).status).toBe(400);
      expect(await post(server.endpoint, 'sandbox', '{"json":{"files":1}}')).toMatchObject({ failed: 'Unhandled' });
    } finally {
      await server.close();
    }
  });
});

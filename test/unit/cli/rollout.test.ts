import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runRollout } from '../../../src/cli/rollout.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../fakes/memory-stack.ts';
import { createRemote } from '../../fakes/remote-command.ts';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
let rollout: ReturnType<typeof createRemote>;

beforeEach(async () => {
  stack = await createMemoryStack();
  rollout = createRemote(stack, runRollout);
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'apps/api.yaml': applicationYaml('api', 'api', 'prod'),
    'web/config.yaml': configMapYaml('web', 'one'),
    'api/config.yaml': configMapYaml('api', 'one'),
  });
});

/** The rollout of the newest commit. */
const newest = () => [...stack.rollouts.rows.values()].toSorted((a, b) => b.createdAt - a.createdAt)[0]?.id ?? '';
const failOne = async () => {
  await stack.settle();
  await stack.push({
    'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n',
    'api/config.yaml': configMapYaml('api', 'two'),
  });
  await stack.settle();
  return newest();
};

describe('towline rollout list, get', () => {
  it('shows the newest rollouts', async () => {
    const id = await failOne();
    const { code, out } = await rollout('list');
    const lines = out.split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^ID +STARTED +STATE +COMMIT +REF +APPLICATIONS$/);
    expect(lines[1]).toMatch(new RegExp(`^${id} +2023-\\S+Z +failure +\\w{7} +main +2$`));
    expect(lines[2]).toMatch(/ +success +\w{7} +main +2$/);
    expect((await rollout('list -o wide')).out).toMatch(/push +https:\/\/git\.example\.com\/acme\/fleet/);
    const json = JSON.parse((await rollout('list -o json')).out);
    expect(json).toMatchObject({ items: [{ id }, {}] });
    expect(parse((await rollout('list -o yaml')).out)).toEqual(json);
  });

  it('shows what became of each application', async () => {
    const id = await failOne();
    const { code, out } = await rollout(`get ${id}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^State: +failure$/m);
    expect(out).toMatch(/^argocd\/api +prod +prod +healthy$/m);
    expect(out).toMatch(/^argocd\/web +dev +dev +failed +.*web\/config\.yaml/m);
    expect((await rollout(`get ${id} -o wide`)).out).toMatch(/failed +web\/config\.yaml changed +/);
    expect(JSON.parse((await rollout(`get ${id} -o json`)).out)).toMatchObject({ rollout: { id, state: 'failure' } });
  });

  it.each(['get', 'watch', 'retry', 'abort'])('%s: a rollout that is unknown is 1', async (verb) => {
    const { code, out, err } = await rollout(`${verb} none`);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^towline rollout: there is no (such )?rollout/);
  });
});

const open = async () => {
  // Only the plan has run: everything is still to come while somebody watches.
  for (const { message } of stack.sent.changes.splice(0)) await stack.handlers.changes(message);
  return newest();
};

describe('towline rollout watch', () => {
  it('off a terminal: a plain line for every application whose state changes, and one at the end', async () => {
    const id = await open();
    const { code, out, err } = await rollout(`watch ${id}`);
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('\r');
    expect(out).not.toContain('\u001b');
    const lines = out.trimEnd().split('\n');
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines).toContain('  planned    argocd/web on dev');
    expect(lines).toContain('  healthy    argocd/web on dev');
    expect(lines.at(-1)).toMatch(new RegExp(`^rollout ${id} of \\w{7}: success$`));
  });

  it('on a terminal: the same with a count below that is written over', async () => {
    const id = await open();
    const { code, out } = await rollout(`watch ${id}`, { isTerminal: true });
    expect(code).toBe(0);
    expect(out).toContain('0 of 2 applications have ended');
    expect(out).toContain('\r\u001b[K');
    // What stays on the screen holds no count.
    const shown = out.split('\r\u001b[K').at(-1);
    expect(shown).toMatch(/: success\n$/);
    expect(shown).not.toContain('have ended');
  });

  it('is 1 where the rollout fails or was superseded', async () => {
    const failed = await failOne();
    expect(await rollout(`watch ${failed}`)).toMatchObject({
      code: 1,
      out: expect.stringContaining(': failure\n') as string,
    });
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'three') });
    const superseded = await open();
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'four') });
    await stack.settle();
    expect(await rollout(`watch ${superseded}`)).toMatchObject({ code: 1 });
  });

  it('is 1 when the time is over, and says how far it came', async () => {
    const id = await open();
    const { code, err } = await rollout(`watch ${id} --timeout 3`, { onPause: () => Promise.resolve() });
    expect(code).toBe(1);
    expect(err).toBe('towline rollout: timed out: running, 0 of 2 applications have ended\n');
  });

  it('prints the answer once, at the end, with -o json', async () => {
    const id = await open();
    const { code, out } = await rollout(`watch ${id} -o json`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rollout: { id, state: 'success' } });
  });
});

describe('towline rollout retry', () => {
  it('starts what failed again', async () => {
    const id = await failOne();
    const { code, out } = await rollout(`retry ${id}`);
    expect([code, out]).toEqual([0, `rollout ${id}: attempt 2\n  argocd/web\n`]);
    await stack.settle();
    expect(await rollout(`retry ${id} -o json`)).toMatchObject({ code: 0 });
  });

  it('is refused where nothing failed', async () => {
    await stack.settle();
    const { code, err } = await rollout(`retry ${newest()}`);
    expect([code, err]).toEqual([1, `towline rollout: no application failed in rollout ${newest()}\n`]);
  });
});

describe('towline rollout abort', () => {
  it('applies nothing more of it, and says of what', async () => {
    const id = await open();
    const { code, out } = await rollout(`abort ${id}`);
    expect([code, out]).toEqual([0, `rollout ${id}: aborted\n  argocd/api\n  argocd/web\n`]);
    expect(await rollout(`watch ${id}`)).toMatchObject({
      code: 1,
      out: expect.stringContaining('failed     argocd/web on dev: aborted by a person\n') as string,
    });
    const again = await rollout(`abort ${id}`);
    expect(again.err).toMatch(/^towline rollout: nothing of rollout \w+ is outstanding/);
  });
});

describe('towline rollout rollback', () => {
  const value = () => stack.clusters.prod.objects.get('/ConfigMap/api/api')?.['data'];
  const second = async () => {
    await stack.settle();
    await stack.push({ 'api/config.yaml': configMapYaml('api', 'two') });
    await stack.settle();
    return newest();
  };

  it('off a terminal does nothing without --yes, and with it gives back what was there', async () => {
    const id = await second();
    const refused = await rollout(`rollback ${id}`);
    expect([refused.code, refused.err]).toEqual([
      2,
      'towline rollout: rollback asks first, and here is nobody to ask: add --yes; see --help\n',
    ]);
    const { code, out } = await rollout(`rollback ${id} --yes`);
    expect([code, out]).toEqual([0, expect.stringMatching(/^rollout [0-9a-f]+: rolling back\n {2}argocd\/api\n$/)]);
    await stack.settle();
    expect(value()).toEqual({ value: 'one' });
    expect((await rollout(`rollback ${id} -y`)).err).toMatch(/decides no application any more/);
  });

  it.each([
    [false, 1, 'two'],
    [true, 0, 'one'],
  ])('on a terminal asks first; the answer %s: %i', async (answer, expected, left) => {
    const id = await second();
    const asked: string[] = [];
    const confirm = (question: string) => {
      asked.push(question);
      return Promise.resolve(answer);
    };
    expect((await rollout(`rollback ${id}`, { confirm })).code).toBe(expected);
    await stack.settle();
    expect(asked).toEqual([expect.stringMatching(/^Roll back \w{7}.*\? What it still decides of its 1 application /)]);
    expect(value()).toEqual({ value: left });
  });
});

describe('wrong usage', () => {
  it.each([
    ['', 'COMMAND is missing'],
    ['promote x', 'there is no command rollout promote'],
    ['get', 'ID is missing'],
    ['retry a --yes', '--yes is for rollback, not retry'],
    ['get a b', 'unexpected argument b'],
    ['list a', 'unexpected argument a'],
    ['watch a --timeout -3', "Option '--timeout' argument is ambiguous"],
    ['watch a --timeout 0', '--timeout 0 is not a number of seconds'],
  ])('%j: 2', async (line, reason) => {
    const { code, out, err } = await rollout(line);
    expect([code, out]).toEqual([2, '']);
    expect(err.startsWith(`towline rollout: ${reason}`)).toBe(true);
  });
});

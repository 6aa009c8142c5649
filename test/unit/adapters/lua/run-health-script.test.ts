import { describe, expect, it } from 'vitest';
import { createRunHealthScript } from '../../../../src/adapters/lua/run-health-script.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

const object: KubernetesObject = {
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name: 'one' },
  status: { ready: 2, wanted: 3, since: 1700000000000, ratio: 0.5, parts: ['a', { b: null }], gone: null },
};

/** A clock that moves one millisecond a look, so that the limit is a number of looks. */
const ticking = () => {
  let now = 0;
  return () => now++;
};

const run = (lua: string, openLibs = false) =>
  createRunHealthScript({ clock: ticking(), limit: 50 })({ groupKind: 'example.com/Thing', lua, openLibs }, object);

describe('a health script', () => {
  it('sees the object and answers with status and message', () => {
    expect(run(`return {status = "Progressing", message = obj.status.ready .. " of " .. obj.status.wanted}`)).toEqual({
      status: 'Progressing',
      message: '2 of 3',
    });
  });

  it.each([
    ['a whole number', 'obj.status.wanted - 1', '2'],
    ['a large number', 'obj.status.since', '1700000000000'],
    ['a fraction', 'obj.status.ratio', '0.5'],
    ['a quotient', 'obj.status.ready / 2', '1'],
    ['tostring', 'tostring(obj.status.ready)', '2'],
    ['table.getn', 'table.getn(obj.status.parts)', '2'],
    ['table.concat', 'table.concat({obj.status.ready, obj.status.wanted}, "/")', '2/3'],
    ['unpack', 'unpack({"x", "y"})', 'x'],
    ['a null field', 'tostring(obj.status.gone)', 'nil'],
    ['lists from one', 'obj.status.parts[1]', 'a'],
    ['the time', 'type(require("os").time())', 'number'],
  ])('prints %s as Lua 5.1 does', (_, expression, expected) => {
    expect(run(`return {status = "Healthy", message = "" .. (${expression})}`)).toEqual({
      status: 'Healthy',
      message: expected,
    });
  });

  it.each(['return nil', 'return', 'return {}', ''])('that answers nothing gives no health: %j', (lua) => {
    expect(run(lua)).toBeUndefined();
  });

  it.each([
    ['return "Healthy"', 'returns a string, not a table'],
    ['return 1', 'returns a number, not a table'],
    ['return {status = "Fine"}', 'returns the status "Fine"'],
    ['return {message = "x"}', 'returns the status null'],
    ['error("boom")', 'script:1: boom'],
    ['return obj.spec.x', 'attempt to index'],
    ['return {', 'script:1:'],
    ['while true do end', 'takes longer than 50 ms'],
    ['while true do pcall(function() while true do end end) end', 'takes longer than 50 ms'],
    ['return {status = string.lower("HEALTHY")}', "global 'string'"],
    ['require("io")', 'not available'],
    ['os.execute("true")', "global 'os'"],
  ])('that goes wrong is Unknown and says why: %s', (lua, reason) => {
    const health = run(lua);
    expect(health?.status).toBe('Unknown');
    expect(health?.message).toContain('example.com/Thing');
    expect(health?.message).toContain(reason);
  });

  it.each([true, false])('cannot reach files, processes or output (open libraries: %s)', (openLibs) => {
    const names = ['io', 'debug', 'package', 'dofile', 'loadfile', 'print', 'js', 'fengari'];
    const types = names.map((name) => `type(${name})`).join(' .. ');
    const os = ['execute', 'exit', 'remove', 'rename', 'getenv', 'tmpname'].map((f) => `type(require("os").${f})`);
    expect(run(`return {status = "Healthy", message = ${types} .. ${os.join(' .. ')}}`, openLibs)?.message).toBe(
      'nil'.repeat(names.length + os.length),
    );
  });

  it('may use string, math and os with open libraries, within bounds', () => {
    const code = 'return {status = "Healthy", message = string.format("%s %d", obj.status.ready, math.floor(2.5))}';
    expect(run(code, true)).toEqual({ status: 'Healthy', message: '2 2' });
    expect(run('return ("x"):rep(1e9)', true)?.message).toContain('too long');
  });

  it('starts anew each time', () => {
    run('kept = 1 return {status = "Healthy"}');
    expect(run('return {status = kept and "Degraded" or "Healthy"}')?.status).toBe('Healthy');
  });
});

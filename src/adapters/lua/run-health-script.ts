import './lua-numbers.ts';
import { type LuaState, lauxlib, lua, to_jsstring, to_luastring } from 'fengari';
import { type HealthScript, isHealthStatus, type RunHealthScript } from '../../domain/health/health.ts';
import type { Health } from '../../domain/health/health-status.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { Clock } from '../../ports/clock.ts';
import { pushValue, textAtIndex } from './lua-values.ts';
import { openSandbox } from './sandbox.ts';

export interface RunHealthScriptOptions {
  clock: Clock;
  /** Milliseconds one run may take; Argo CD's is one second. */
  limit?: number;
}

/** Instructions between two looks at the clock. */
const STEP = 10_000;

/**
 * Runs health scripts in Fengari, one fresh state a run: the script sees the object as global `obj` and returns a table
 * with `status` and `message`. A script that fails, takes too long or answers anything else yields `Unknown`.
 */
export const createRunHealthScript =
  ({ clock, limit = 1000 }: RunHealthScriptOptions): RunHealthScript =>
  (script, object) => {
    const state = openSandbox(script.openLibs);
    const stop = limitTime(state, clock, limit);
    const failure = call(state, script, object);
    if (stop.expired()) return unknown(script, `takes longer than ${limit} ms`);
    return failure === undefined ? readAnswer(state, script) : unknown(script, failure);
  };

const unknown = (script: HealthScript, reason: string): Health => ({
  status: 'Unknown',
  message: `The health script of ${script.groupKind}: ${reason}`,
});

/**
 * Raises an error once the time is up, and from then on at every instruction, so that a script which catches errors
 * cannot go on either.
 */
const limitTime = (main: LuaState, clock: Clock, limit: number): { expired: () => boolean } => {
  const end = clock() + limit;
  let expired = false;
  const look = (state: LuaState): void => {
    expired ||= clock() >= end;
    if (!expired) return;
    lua.lua_sethook(state, look, lua.LUA_MASKCOUNT, 1);
    lauxlib.luaL_error(state, to_luastring('time is up'));
  };
  lua.lua_sethook(main, look, lua.LUA_MASKCOUNT, STEP);
  return { expired: () => expired };
};

/** Loads and runs the script, leaving its answer on the stack; answers with what went wrong. */
const call = (state: LuaState, script: HealthScript, object: KubernetesObject): string | undefined => {
  pushValue(state, object);
  lua.lua_setglobal(state, to_luastring('obj'));
  const code = to_luastring(script.lua);
  const loaded = lauxlib.luaL_loadbuffer(state, code, code.length, to_luastring('=script'));
  const done = loaded === lua.LUA_OK ? lua.lua_pcall(state, 0, 1, 0) : loaded;
  return done === lua.LUA_OK ? undefined : (textAtIndex(state, -1) ?? 'fails');
};

/** Nothing, or an empty table, is no answer; a table must carry one of the six statuses. */
const readAnswer = (state: LuaState, script: HealthScript): Health | undefined => {
  const type = lua.lua_type(state, -1);
  if (type === lua.LUA_TNIL) return undefined;
  if (type !== lua.LUA_TTABLE)
    return unknown(script, `returns a ${to_jsstring(lua.lua_typename(state, type))}, not a table`);
  if (isEmpty(state)) return undefined;
  const status = field(state, 'status');
  if (!isHealthStatus(status)) return unknown(script, `returns the status ${JSON.stringify(status ?? null)}`);
  return { status, message: field(state, 'message') ?? '' };
};

const isEmpty = (state: LuaState): boolean => {
  lua.lua_pushnil(state);
  if (lua.lua_next(state, -2) === 0) return true;
  lua.lua_pop(state, 2);
  return false;
};

const field = (state: LuaState, name: string): string | undefined => {
  lua.lua_getfield(state, -1, to_luastring(name));
  const text = textAtIndex(state, -1);
  lua.lua_pop(state, 1);
  return text;
};

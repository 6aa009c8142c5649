import { type LuaFunction, type LuaState, lauxlib, lua, lualib, to_jsstring, to_luastring } from 'fengari';

/** Everything of the base library that reads files or writes to the process. */
const FORBIDDEN = ['dofile', 'loadfile', 'print', 'collectgarbage'];

/** What of the os library tells the time; nothing of it starts, removes or names anything. */
const SAFE_OS = ['clock', 'date', 'difftime', 'time'];

/** The longest text that one call of string.rep may make, in bytes. */
const LONGEST_TEXT = 1 << 20;

const open = (state: LuaState, name: string, library: LuaFunction): void => {
  lauxlib.luaL_requiref(state, to_luastring(name), library, true);
  lua.lua_pop(state, 1);
};

/** What Lua 5.1 had and 5.3 dropped, and a string.rep that cannot eat the memory in one step. */
const PRELUDE = `
unpack = table.unpack
loadstring = load
table.getn = function(list) return #list end
table.maxn = function(list)
  local most = 0
  for key in pairs(list) do if type(key) == 'number' and key > most then most = key end end
  return most
end
if math then
  math.pow = function(base, exponent) return base ^ exponent end
  math.mod = math.fmod
end
if string then
  local rep = string.rep
  string.rep = function(text, count, separator)
    if count * (#text + #(separator or '')) > ${LONGEST_TEXT} then error('string.rep: result too long') end
    return rep(text, count, separator)
  end
end
`;

const forget = (state: LuaState, name: string): void => {
  lua.lua_pushnil(state);
  lua.lua_setglobal(state, to_luastring(name));
};

/** Pushes the safe part of the os library, without leaving the whole of it reachable. */
const pushSafeOs = (state: LuaState): void => {
  lauxlib.luaL_requiref(state, to_luastring('os'), lualib.luaopen_os, false);
  lua.lua_createtable(state, 0, SAFE_OS.length);
  for (const name of SAFE_OS) {
    lua.lua_getfield(state, -2, to_luastring(name));
    lua.lua_setfield(state, -2, to_luastring(name));
  }
};

/** `require` gives the safe os library and nothing else: there are no files to load from. */
const requireOs: LuaFunction = (state) => {
  const name = to_jsstring(lauxlib.luaL_tolstring(state, 1));
  if (name !== 'os') return lauxlib.luaL_error(state, to_luastring('this module is not available to health scripts'));
  pushSafeOs(state);
  return 1;
};

/**
 * A Lua state as Argo CD gives it to users' scripts: base, table and `require("os")`; string, math, coroutine and a
 * global os too with `openLibs`. Files, processes and output are out of reach either way.
 */
export const openSandbox = (openLibs: boolean): LuaState => {
  const state = lauxlib.luaL_newstate();
  open(state, '_G', lualib.luaopen_base);
  open(state, 'table', lualib.luaopen_table);
  for (const name of FORBIDDEN) forget(state, name);
  lua.lua_pushcfunction(state, requireOs);
  lua.lua_setglobal(state, to_luastring('require'));
  if (openLibs) openMore(state);
  runPrelude(state);
  return state;
};

const openMore = (state: LuaState): void => {
  open(state, 'string', lualib.luaopen_string);
  open(state, 'math', lualib.luaopen_math);
  open(state, 'coroutine', lualib.luaopen_coroutine);
  pushSafeOs(state);
  lua.lua_setglobal(state, to_luastring('os'));
  lua.lua_pop(state, 1);
};

const runPrelude = (state: LuaState): void => {
  const code = to_luastring(PRELUDE);
  lauxlib.luaL_loadbuffer(state, code, code.length, to_luastring('=prelude'));
  if (lua.lua_pcall(state, 0, 0, 0) !== lua.LUA_OK) throw new Error('the Lua prelude does not run');
};

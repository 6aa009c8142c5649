import { type LuaState, lua, to_jsstring, to_luastring } from 'fengari';

/** Room for a table, a key and a value, and what the library itself needs. */
const SLOTS = 8;

/**
 * Pushes a JSON value: numbers as floats (Lua 5.1 knows no other), lists from 1, null as nil, so that a field which is
 * null is an absent one.
 */
export const pushValue = (state: LuaState, value: unknown): void => {
  lua.lua_checkstack(state, SLOTS);
  if (typeof value === 'string') lua.lua_pushstring(state, to_luastring(value));
  else if (typeof value === 'number') lua.lua_pushnumber(state, value);
  else if (typeof value === 'boolean') lua.lua_pushboolean(state, value);
  else if (Array.isArray(value)) pushList(state, value);
  else if (typeof value === 'object' && value !== null) pushRecord(state, value);
  else lua.lua_pushnil(state);
};

const pushList = (state: LuaState, list: readonly unknown[]): void => {
  lua.lua_createtable(state, list.length, 0);
  list.forEach((item, index) => {
    pushValue(state, item);
    lua.lua_rawseti(state, -2, index + 1);
  });
};

const pushRecord = (state: LuaState, record: object): void => {
  const entries = Object.entries(record);
  lua.lua_createtable(state, 0, entries.length);
  for (const [key, value] of entries) {
    if (value === null || value === undefined) continue;
    pushValue(state, value);
    lua.lua_setfield(state, -2, to_luastring(key));
  }
};

/** The string or number at a stack position as text; undefined for anything else. */
export const textAtIndex = (state: LuaState, index: number): string | undefined => {
  const type = lua.lua_type(state, index);
  if (type !== lua.LUA_TSTRING && type !== lua.LUA_TNUMBER) return undefined;
  const bytes = lua.lua_tolstring(state, index);
  return bytes ? to_jsstring(bytes, undefined, undefined, true) : undefined;
};

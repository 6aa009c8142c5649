/** The part of Fengari (a Lua 5.3 virtual machine in JavaScript) that the health scripts need. */
declare module 'fengari' {
  /** A Lua thread; opaque. */
  export interface LuaState {
    readonly __lua: unique symbol;
  }

  export type LuaString = Uint8Array;
  export type LuaFunction = (state: LuaState) => number;

  export function to_luastring(text: string): LuaString;
  export function to_jsstring(text: LuaString, from?: number, to?: number, replacement?: boolean): string;

  export const lua: {
    LUA_OK: number;
    LUA_MULTRET: number;
    LUA_MASKCOUNT: number;
    LUA_TNIL: number;
    LUA_TBOOLEAN: number;
    LUA_TNUMBER: number;
    LUA_TSTRING: number;
    LUA_TTABLE: number;
    lua_checkstack(state: LuaState, slots: number): boolean;
    lua_createtable(state: LuaState, list: number, record: number): void;
    lua_getfield(state: LuaState, index: number, key: LuaString): number;
    lua_gettop(state: LuaState): number;
    lua_next(state: LuaState, index: number): number;
    lua_pcall(state: LuaState, args: number, results: number, handler: number): number;
    lua_pop(state: LuaState, count: number): void;
    lua_pushboolean(state: LuaState, value: boolean): void;
    lua_pushcfunction(state: LuaState, fn: LuaFunction): void;
    lua_pushnil(state: LuaState): void;
    lua_pushnumber(state: LuaState, value: number): void;
    lua_pushstring(state: LuaState, value: LuaString): LuaString;
    lua_rawseti(state: LuaState, index: number, position: number): void;
    lua_setfield(state: LuaState, index: number, key: LuaString): void;
    lua_setglobal(state: LuaState, name: LuaString): void;
    lua_sethook(state: LuaState, hook: ((state: LuaState) => void) | null, mask: number, count: number): void;
    lua_tolstring(state: LuaState, index: number): LuaString | null;
    lua_type(state: LuaState, index: number): number;
    lua_typename(state: LuaState, type: number): LuaString;
  };

  export const lauxlib: {
    luaL_error(state: LuaState, format: LuaString): never;
    luaL_loadbuffer(state: LuaState, code: LuaString, size: number | null, name: LuaString): number;
    luaL_newstate(): LuaState;
    luaL_requiref(state: LuaState, name: LuaString, open: LuaFunction, global: boolean): void;
    luaL_tolstring(state: LuaState, index: number): LuaString;
  };

  export const lualib: {
    luaopen_base: LuaFunction;
    luaopen_coroutine: LuaFunction;
    luaopen_math: LuaFunction;
    luaopen_os: LuaFunction;
    luaopen_string: LuaFunction;
    luaopen_table: LuaFunction;
  };
}

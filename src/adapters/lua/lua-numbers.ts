// Fengari reads its build options from this variable while it loads, and offers no other way. With this one a float that
// is whole prints without `.0`, as in the Lua 5.1 that Argo CD's scripts are written for ("2 of 3 ready").
// oxlint-disable-next-line node/no-process-env -- written for the library, not read as configuration
process.env['FENGARICONF'] = JSON.stringify({ LUA_COMPAT_FLOATSTRING: true });

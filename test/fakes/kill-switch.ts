/** Kills a process that exists only in a test: at its n-th port call, before or after the call's effect. */
export interface KillSwitch {
  /** Calls seen since the last start. */
  calls: number;
  /** The call at which the process dies; 0: never. */
  at: number;
  mode: 'before' | 'after';
  dead: boolean;
}

const killed = () => new Error('the process was killed');

const count = async (kill: KillSwitch, call: () => Promise<unknown>): Promise<unknown> => {
  if (kill.dead) throw killed();
  kill.calls += 1;
  if (kill.calls !== kill.at) return call();
  kill.dead = true;
  if (kill.mode === 'after') await call();
  throw killed();
};

/** The port with every promise-returning method counted; a dead process's calls all fail and have no effect. */
export const mortal = <Port extends object>(port: Port, kill: KillSwitch): Port =>
  new Proxy(port, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || !COUNTED.has(String(name))) return member;
      return (...args: unknown[]) => count(kill, () => member.apply(target, args) as Promise<unknown>);
    },
  });

const COUNTED = new Set([
  'get',
  'getMany',
  'save',
  'remove',
  'due',
  'record',
  'list',
  'put',
  'changes',
  'renders',
  'syncs',
  'reports',
  'resolve',
  'listTree',
  'readBlobs',
  'apply',
  'delete',
  'post',
  'update',
]);

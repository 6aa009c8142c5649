import { ApiStatus } from '../api-status.ts';
import { clone, equal, isRecord, recordOf, textOf } from '../json.ts';

/** The API server's answer to a JSON patch that does not fit: it names neither object nor operation. */
const misfit = (): ApiStatus =>
  new ApiStatus(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

const segments = (pointer: string): string[] => {
  if (pointer !== '' && !pointer.startsWith('/')) throw misfit();
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
};

const indexOf = (list: unknown[], segment: string, end: number): number => {
  if (!/^(0|[1-9]\d*)$/.test(segment) || Number(segment) > end) throw misfit();
  return Math.min(Number(segment), list.length);
};

const child = (parent: unknown, segment: string): unknown => {
  if (Array.isArray(parent)) return parent[indexOf(parent, segment, parent.length - 1)];
  if (!isRecord(parent) || !(segment in parent)) throw misfit();
  return parent[segment];
};

const find = (root: unknown, path: readonly string[]): unknown => path.reduce(child, root);

const add = (root: unknown, path: readonly string[], value: unknown): unknown => {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = find(root, path.slice(0, -1));
  if (Array.isArray(parent))
    parent.splice(last === '-' ? parent.length : indexOf(parent, last, parent.length), 0, value);
  else if (isRecord(parent)) parent[last] = value;
  else throw misfit();
  return root;
};

const remove = (root: unknown, path: readonly string[]): unknown => {
  const last = path.at(-1);
  if (last === undefined) throw misfit();
  const parent = find(root, path.slice(0, -1));
  child(parent, last);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isRecord(parent)) delete parent[last];
  return root;
};

const replace = (root: unknown, path: readonly string[], value: unknown): unknown => {
  if (path.length === 0) return value;
  find(root, path);
  return add(Array.isArray(find(root, path.slice(0, -1))) ? remove(root, path) : root, path, value);
};

const step = (root: unknown, operation: unknown): unknown => {
  const { op, path, from, value } = recordOf(operation);
  const target = segments(textOf(path));
  switch (op) {
    case 'add':
      return add(root, target, clone(value));
    case 'remove':
      return remove(root, target);
    case 'replace':
      return replace(root, target, clone(value));
    case 'test':
      if (!equal(find(root, target), value)) throw misfit();
      return root;
    case 'copy':
      return add(root, target, clone(find(root, segments(textOf(from)))));
    case 'move': {
      const moved = find(root, segments(textOf(from)));
      return add(remove(root, segments(textOf(from))), target, moved);
    }
    default:
      throw misfit();
  }
};

/** RFC 6902; answers with a patched copy. Errors: ApiStatus 422 for a failed test or a path that is not there. */
export const jsonPatch = (value: unknown, operations: readonly unknown[]): unknown =>
  operations.reduce(step, clone(value));

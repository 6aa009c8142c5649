const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386 merge patch; a new value. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return structuredClone(patch);
  const result: Record<string, unknown> = isRecord(target) ? structuredClone(target) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
};

const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const childOf = (node: unknown, key: string): unknown => {
  if (Array.isArray(node)) return node[key === '-' ? node.length : Number(key)];
  return isRecord(node) ? node[key] : undefined;
};

const write = (node: unknown, key: string, value: unknown, insert: boolean): void => {
  if (Array.isArray(node)) node.splice(key === '-' ? node.length : Number(key), insert ? 0 : 1, value);
  else if (isRecord(node)) node[key] = value;
};

const erase = (node: unknown, key: string): void => {
  if (Array.isArray(node)) node.splice(Number(key), 1);
  else if (isRecord(node)) delete node[key];
};

/** RFC 6902 JSON patch (add, replace, remove, test); undefined: a test failed or a path does not exist. */
export const jsonPatch = (target: unknown, operations: readonly unknown[]): unknown => {
  const result = structuredClone(target);
  for (const operation of operations) {
    if (!isRecord(operation) || typeof operation.path !== 'string') return undefined;
    const keys = keysOf(operation.path);
    const last = keys.pop() ?? '';
    const parent = keys.reduce<unknown>(childOf, result);
    const current = childOf(parent, last);
    if (typeof parent !== 'object' || parent === null) return undefined;
    if (operation.op === 'test') {
      if (JSON.stringify(current) !== JSON.stringify(operation.value)) return undefined;
    } else if (operation.op === 'remove') {
      if (current === undefined) return undefined;
      erase(parent, last);
    } else write(parent, last, structuredClone(operation.value), operation.op === 'add');
  }
  return result;
};

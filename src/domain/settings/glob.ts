import { anyChar, char, charClass, compileParts, createPartList } from '../linear-match.ts';

/** Reads `[…]` at `start`; answers with it and the index after it, or nothing where it never ends. */
const readClass = (pattern: string, start: number): { source: string; next: number } | undefined => {
  const end = pattern.indexOf(']', start + 2);
  if (end < 0) return undefined;
  const negated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const body = pattern.slice(start + (negated ? 2 : 1), end).replaceAll('\\', '\\\\');
  return { source: `[${negated ? '^' : ''}${body}]`, next: end + 1 };
};

type Matcher = (text: string) => boolean;

/** Undefined: the pattern cannot be read. */
const compile = (pattern: string): Matcher | undefined => {
  const list = createPartList();
  for (let i = 0; i < pattern.length; i += 1) {
    const one = pattern.charAt(i);
    const group = one === '[' ? readClass(pattern, i) : undefined;
    if (group) {
      const read = charClass(group.source);
      if (!read) return undefined;
      list.add(read);
      i = group.next - 1;
    } else if (one === '*') list.add({ type: 'run', fits: anyChar });
    else if (one === '?') list.add({ type: 'one', fits: anyChar });
    else if (one === '{') list.open();
    else if (one === '}' && list.depth() > 0) list.close();
    else if (one === ',' && list.depth() > 0) list.or();
    else list.add(char(one === '\\' ? pattern.charAt(++i) : one));
  }
  return list.depth() === 0 ? compileParts(list.end()) : undefined;
};

const compiled = new Map<string, Matcher | undefined>();

/**
 * Whether `text` matches a glob without separators, as Argo CD reads group/kind patterns: `*` (any run, `/` too), `?`,
 * `[a-z]`, `[!a]`, `{a,b}`, `\` to quote. A pattern that cannot be read matches nothing but itself.
 */
export const matchGlob = (pattern: string, text: string): boolean => {
  if (pattern === text) return true;
  let matcher = compiled.get(pattern);
  if (!compiled.has(pattern)) {
    matcher = compile(pattern);
    if (compiled.size > 1000) compiled.clear();
    compiled.set(pattern, matcher);
  }
  return matcher?.(text) ?? false;
};

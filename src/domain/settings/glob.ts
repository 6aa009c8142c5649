const QUOTE = /[\\^$.|+()]/;

/** Reads `[…]` at `start`; answers with its regular expression and the index after it, or nothing where it never ends. */
const readClass = (pattern: string, start: number): { source: string; next: number } | undefined => {
  const end = pattern.indexOf(']', start + 2);
  if (end < 0) return undefined;
  const negated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const body = pattern.slice(start + (negated ? 2 : 1), end).replaceAll('\\', '\\\\');
  return { source: `[${negated ? '^' : ''}${body}]`, next: end + 1 };
};

const toSource = (pattern: string): string => {
  let source = '';
  let depth = 0;
  for (let i = 0; i < pattern.length; ) {
    const char = pattern.charAt(i);
    const group = char === '[' ? readClass(pattern, i) : undefined;
    if (group) source += group.source;
    else if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '{') [source, depth] = [`${source}(?:`, depth + 1];
    else if (char === '}' && depth > 0) [source, depth] = [`${source})`, depth - 1];
    else if (char === ',' && depth > 0) source += '|';
    else if (char === '\\') source += `\\${pattern.charAt(++i)}`;
    else source += QUOTE.test(char) || '[{}'.includes(char) ? `\\${char}` : char;
    i = group ? group.next : i + 1;
  }
  return source;
};

const compiled = new Map<string, RegExp | undefined>();

const compile = (pattern: string): RegExp | undefined => {
  try {
    return new RegExp(`^${toSource(pattern)}$`, 's');
  } catch {
    return undefined;
  }
};

/**
 * Whether `text` matches a glob without separators, as Argo CD reads group/kind patterns: `*` (any run, `/` too), `?`,
 * `[a-z]`, `[!a]`, `{a,b}`, `\` to quote. A pattern that cannot be read matches nothing but itself.
 */
export const matchGlob = (pattern: string, text: string): boolean => {
  if (pattern === text) return true;
  let expression = compiled.get(pattern);
  if (!compiled.has(pattern)) {
    expression = compile(pattern);
    if (compiled.size > 1000) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression?.test(text) ?? false;
};

const SPECIAL = /[\\^$.|+()*?[\]{}/]/g;
const quote = (text: string): string => text.replaceAll(SPECIAL, '\\$&');

interface Reading {
  source: string;
  next: number;
}

/** `[abc]`, `[a-z]`, `[!a-z]` at `start`; undefined where it never ends or is empty. */
const readClass = (pattern: string, start: number): Reading | undefined => {
  const isNegated = pattern[start + 1] === '!';
  const from = start + (isNegated ? 2 : 1);
  const end = pattern.indexOf(']', from + 1);
  if (end < 0) return undefined;
  const body = pattern.slice(from, end).replaceAll(/[\\\]^[]/g, '\\$&');
  return { source: `[${isNegated ? '^' : ''}${body}]`, next: end + 1 };
};

const star = (pattern: string, index: number, separator: string | undefined): Reading => {
  const isSuper = pattern[index + 1] === '*';
  const any = separator === undefined || isSuper ? '.*' : `[^${quote(separator)}]*`;
  return { source: any, next: index + (isSuper ? 2 : 1) };
};

const toSource = (pattern: string, separator: string | undefined): string | undefined => {
  let source = '';
  let depth = 0;
  for (let index = 0; index < pattern.length; ) {
    const char = pattern.charAt(index);
    let read: Reading | undefined = { source: quote(char), next: index + 1 };
    if (char === '*') read = star(pattern, index, separator);
    else if (char === '?') read.source = separator === undefined ? '.' : `[^${quote(separator)}]`;
    else if (char === '[') read = readClass(pattern, index);
    else if (char === '\\') read = { source: quote(pattern.charAt(index + 1)), next: index + 2 };
    else if (char === '{') [read.source, depth] = ['(?:', depth + 1];
    else if (char === '}' && depth > 0) [read.source, depth] = [')', depth - 1];
    else if (char === ',' && depth > 0) read.source = '|';
    if (!read) return undefined;
    source += read.source;
    index = read.next;
  }
  return depth === 0 ? source : undefined;
};

const compiled = new Map<string, RegExp | null>();

const compile = (pattern: string, separator: string | undefined): RegExp | null => {
  const key = `${separator ?? ''}\n${pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (compiled.size > 2000) compiled.clear();
  const source = toSource(pattern, separator);
  const expression = readExpression(source);
  compiled.set(key, expression);
  return expression;
};

const readExpression = (source: string | undefined): RegExp | null => {
  try {
    return source === undefined ? null : new RegExp(`^(?:${source})$`, 's');
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

/** Whether a glob can be read; one that cannot matches nothing. */
export const isGlob = (pattern: string): boolean => compile(pattern, undefined) !== null;

/**
 * Whether `text` matches a glob as Argo CD's projects read it: `*` any run, `?` one character, `[a-z]`, `[!a-z]`, `{a,b}`,
 * `\` to quote. With a separator, `*` and `?` stop at it and `**` does not.
 */
export const matchGlob = (pattern: string, text: string, separator?: string): boolean =>
  pattern === '*' && separator === undefined ? true : (compile(pattern, separator)?.test(text) ?? false);

/** As `matchGlob`, and a pattern that begins with `!` matches what the rest does not. */
export const matchNegatable = (pattern: string, text: string): boolean =>
  pattern.startsWith('!') ? !matchGlob(pattern.slice(1), text) : matchGlob(pattern, text);

/** Whether a list holds the text: literally, by glob, or by a regular expression between slashes (RE2's common part). */
export const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => {
    const expression = /^\/(.+)\/$/s.exec(pattern)?.[1];
    return expression === undefined ? matchGlob(pattern, text) : (readSearch(expression)?.test(text) ?? false);
  });

const readSearch = (source: string): RegExp | undefined => {
  try {
    return new RegExp(source);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

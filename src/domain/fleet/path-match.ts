const quote = (char: string): string => char.replace(/[\\^$.|+()*?[\]{}/]/g, '\\$&');

/** A character class of Go's path.Match from just behind its `[`: `^` negates, `\` quotes, ranges with `-`. */
const readClass = (pattern: string, start: number): { source: string; next: number } | undefined => {
  const isNegated = pattern[start] === '^';
  let source = isNegated ? '^' : '';
  let index = start + (isNegated ? 1 : 0);
  for (let count = 0; index < pattern.length; count++) {
    if (pattern[index] === ']' && count > 0) return { source: `[${source}]`, next: index + 1 };
    const isQuoted = pattern[index] === '\\';
    const char = pattern.charAt(index + (isQuoted ? 1 : 0));
    source += char === '-' && !isQuoted && count > 0 ? '-' : char.replace(/[\\\]^[-]/g, '\\$&');
    index += isQuoted ? 2 : 1;
  }
  return undefined;
};

const toExpression = (pattern: string): RegExp | null => {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern.charAt(index);
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\' && index + 1 < pattern.length) source += quote(pattern.charAt(++index));
    else if (char === '[') {
      const read = readClass(pattern, index + 1);
      if (!read) return null;
      source += read.source;
      index = read.next - 1;
    } else source += quote(char);
  }
  try {
    return new RegExp(`^${source}$`, 's');
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

const compiled = new Map<string, RegExp | null>();

/**
 * Whether a name matches a shell pattern as Go's path.Match reads it: `*` and `?` stop at `/`, `[a-z]`, `[^a-z]`, no
 * braces, no `**`. A pattern that cannot be read matches nothing. Source: https://pkg.go.dev/path#Match
 */
export const matchPath = (pattern: string, name: string): boolean => {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    if (compiled.size > 2000) compiled.clear();
    expression = toExpression(pattern);
    compiled.set(pattern, expression);
  }
  return expression?.test(name) ?? false;
};

import { char, charClass, compileParts, notSlash, type PatternPart } from '../linear-match.ts';

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

/** Null: it cannot be read. */
const compile = (pattern: string): Matcher | null => {
  const parts: PatternPart[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const one = pattern.charAt(index);
    if (one === '*') parts.push({ type: 'run', fits: notSlash });
    else if (one === '?') parts.push({ type: 'one', fits: notSlash });
    else if (one === '\\' && index + 1 < pattern.length) parts.push(char(pattern.charAt(++index)));
    else if (one === '[') {
      const read = readClass(pattern, index + 1);
      const part = read && charClass(read.source);
      if (!part) return null;
      parts.push(part);
      index = read.next - 1;
    } else parts.push(char(one));
  }
  return compileParts(parts);
};

type Matcher = (text: string) => boolean;

const compiled = new Map<string, Matcher | null>();

/**
 * Whether a name matches a shell pattern as Go's path.Match reads it: `*` and `?` stop at `/`, `[a-z]`, `[^a-z]`, no
 * braces, no `**`. A pattern that cannot be read matches nothing. Source: https://pkg.go.dev/path#Match
 */
export const matchPath = (pattern: string, name: string): boolean => {
  let matcher = compiled.get(pattern);
  if (matcher === undefined) {
    if (compiled.size > 2000) compiled.clear();
    matcher = compile(pattern);
    compiled.set(pattern, matcher);
  }
  return matcher?.(name) ?? false;
};

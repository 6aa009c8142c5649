import { setError } from '../render.ts';

/** Flags for the whole of a Go pattern, which JavaScript takes beside it. */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/** Named classes that JavaScript does not know. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: '\\t ',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** What JavaScript would read and Go's patterns do not have: looking around, and naming what a group matched. */
const NOT_IN_GO = /\(\?<?[=!]|\\[1-9]/;

/** What the two spell differently, and any other escape, which stays as it is. */
const SPELLED = /\\Q([^]*?)(?:\\E|$)|\[:(\w+):\]|\(\?P<|\\[^]/g;

/**
 * A filter's regular expression, written for Go (RE2); absent, everything. Errors: AppError `application-set-invalid` for
 * one that is none.
 */
export const readPattern = (pattern: string | undefined): RegExp => {
  const flags = LEADING_FLAGS.exec(pattern ?? '');
  const text = (pattern ?? '').slice(flags?.[0].length ?? 0);
  const fail = (reason: string) => setError(`error compiling filter "${pattern}": ${reason}`);
  if (NOT_IN_GO.test(text.replaceAll('\\\\', ''))) throw fail('Go has no look-around and no back-references');
  const spelled = text.replaceAll(SPELLED, (sign: string, literal?: string, name?: string) => {
    if (literal !== undefined) return literal.replaceAll(/[\\^$.|+()*?[\]{}/]/g, String.raw`\$&`);
    if (name !== undefined) return CLASSES[name] ?? sign;
    if (sign === '(?P<') return '(?<';
    if (sign === String.raw`\A`) return String.raw`(?<![\s\S])`;
    return sign === String.raw`\z` ? String.raw`(?![\s\S])` : sign;
  });
  try {
    return new RegExp(spelled, `${flags?.[1] ?? ''}${/\\[pP]/.test(spelled) ? 'u' : ''}`);
  } catch (error) {
    if (error instanceof SyntaxError) throw fail(error.message);
    throw error;
  }
};

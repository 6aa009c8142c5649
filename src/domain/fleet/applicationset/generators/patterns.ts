import { setError } from '../render.ts';

/** Flags for the whole of a Go pattern, which JavaScript takes beside it. */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/** A filter's regular expression; absent, everything. Errors: AppError `application-set-invalid` for one that is none. */
export const readPattern = (pattern: string | undefined): RegExp => {
  const flags = LEADING_FLAGS.exec(pattern ?? '');
  const text = (pattern ?? '').slice(flags?.[0].length ?? 0).replaceAll('(?P<', '(?<');
  try {
    return new RegExp(text, flags?.[1] ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) throw setError(`error compiling filter "${pattern}": ${error.message}`);
    throw error;
  }
};

import { setError } from '../render.ts';

/** A filter's regular expression; absent, everything. Errors: AppError `application-set-invalid` for one that is none. */
export const readPattern = (pattern: string | undefined): RegExp => {
  try {
    return new RegExp(pattern ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) throw setError(`error compiling filter "${pattern}": ${error.message}`);
    throw error;
  }
};

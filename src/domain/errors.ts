/**
 * What a failure means for the one who handles it.
 *
 * - `rejected`: the caller sent something wrong (a 4xx at the HTTP edge).
 * - `permanent`: recorded as an outcome, never retried (the same input fails the same way).
 * - `transient`: retried, after `retryAfterSeconds` where the other side named a time.
 *
 * Anything thrown that is not an AppError is a defect: retried by the queue, then dead-lettered, then an alarm.
 */
export type ErrorKind = 'rejected' | 'permanent' | 'transient';

export interface AppErrorOptions {
  /** Plain facts for logs and messages: file, line, field, value. Never a secret or a body. */
  details?: Record<string, unknown>;
  cause?: unknown;
  retryAfterSeconds?: number;
}

/** The only error type that use cases tell apart. `code` is stable, kebab-case and safe to show. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The input is at fault: a 4xx at the edge, exit code 2 on the command line. */
export const rejected = (code: string, message: string, options?: AppErrorOptions): AppError =>
  new AppError('rejected', code, message, options);

/** Trying again changes nothing: recorded as an outcome. */
export const permanent = (code: string, message: string, options?: AppErrorOptions): AppError =>
  new AppError('permanent', code, message, options);

/** It may pass: retried, after `retryAfterSeconds` where the other side said so. */
export const transient = (code: string, message: string, options?: AppErrorOptions): AppError =>
  new AppError('transient', code, message, options);

/** True for an AppError of the given kind. */
export const isKind = (error: unknown, kind: ErrorKind): error is AppError =>
  error instanceof AppError && error.kind === kind;

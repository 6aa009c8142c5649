import { type AppError, permanent, transient } from '../../domain/errors.ts';
import type { GuardedAnswer } from './guarded-request.ts';

/** What an answer other than 2xx means. `what` names what was asked for: `index of https://charts.example`. */
export const answerError = ({ status, headers }: Pick<GuardedAnswer, 'status' | 'headers'>, what: string): AppError => {
  if (status === 401 || status === 403) {
    const remedy = 'name a secret with credentials under spec.repositories of the fleet file';
    return permanent('chart-repository-denied', `${what}: access denied (${status}): ${remedy}`);
  }
  if (status === 404 || status === 410) return permanent('chart-missing', `${what}: not there (${status})`);
  if (status !== 429 && status < 500) return permanent('chart-repository-invalid', `${what}: answered ${status}`);
  const seconds = Number(headers.get('retry-after'));
  const retry = Number.isInteger(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
  return transient('chart-repository-unreachable', `${what}: answered ${status}`, retry);
};

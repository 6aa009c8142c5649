import { AppError, transient } from '../../domain/errors.ts';

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'LimitExceededException',
]);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** True where a conditional write lost against another writer. */
export const conditionFailed = (error: unknown): boolean => nameOf(error) === 'ConditionalCheckFailedException';

/** Rethrows a DynamoDB SDK error as an AppError where the caller can do something about it; else as it is. */
export const translateDynamoError =
  (table: string) =>
  (error: unknown): never => {
    if (error instanceof AppError) throw error;
    const details = { table, name: nameOf(error) };
    if (THROTTLED.has(nameOf(error))) {
      throw transient('store-throttled', `DynamoDB throttled table ${table}`, { details, cause: error });
    }
    if (isUnreachable(error)) {
      throw transient('store-unreachable', `DynamoDB did not answer for table ${table}`, { details, cause: error });
    }
    throw error;
  };

const isUnreachable = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && typeof error.code === 'string') return error.code.startsWith('E');
  const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number } | undefined) : undefined;
  return (metadata?.httpStatusCode ?? 0) >= 500 || ['TimeoutError', 'InternalServerError'].includes(nameOf(error));
};

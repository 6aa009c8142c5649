import type { AppError } from '../../domain/errors.ts';
import { permanent, transient } from '../../domain/errors.ts';

const deniedNames = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredToken',
  'ExpiredTokenException',
  'SignatureDoesNotMatch',
  'CredentialsProviderError',
]);

const throttledNames = new Set([
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

/** What was asked of AWS, for the error's message. */
export interface AwsCall {
  cluster: string;
  /** IAM action, `eks:DescribeCluster`. */
  action: string;
  resource: string;
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** True where AWS refused for want of permission. */
export const isAwsDenial = (error: unknown): boolean => deniedNames.has(nameOf(error));

/** Translates an SDK error by its name: `cluster-denied`, `cluster-not-found`, `cluster-throttled`, `cluster-unreachable`. */
export const awsError = ({ cluster, action, resource }: AwsCall, error: unknown): AppError => {
  const name = nameOf(error);
  const options = { cause: error, details: { cluster, action, resource, error: name } };
  if (isAwsDenial(error)) {
    const message = `cluster "${cluster}": AWS refused ${action} on ${resource} (${name}); allow it in IAM`;
    return permanent('cluster-denied', message, options);
  }
  if (name === 'ResourceNotFoundException') {
    return permanent('cluster-not-found', `cluster "${cluster}": EKS knows no ${resource}`, options);
  }
  if (throttledNames.has(name)) {
    return transient('cluster-throttled', `cluster "${cluster}": AWS throttles ${action} on ${resource}`, options);
  }
  return transient('cluster-unreachable', `cluster "${cluster}": ${action} on ${resource} failed (${name})`, options);
};

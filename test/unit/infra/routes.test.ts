import { describe, expect, it } from 'vitest';
import { routesOf, serverless } from './read-infra.ts';

describe('HTTP routes', () => {
  it('lets only callers with execute-api:Invoke see or change anything; webhooks prove themselves', () => {
    const routes = Object.keys(serverless.functions).flatMap((name) =>
      routesOf(name).map(({ method, path, authorizer }) => [name, method, path, authorizer?.type]),
    );
    expect(routes).toEqual([
      ['webhook', '*', '/webhooks/{forge}', undefined],
      ['webhook', '*', '/api/webhook', undefined],
      ['api', 'GET', '/', 'aws_iam'],
      ['api', 'GET', '/{proxy+}', 'aws_iam'],
      ['api', 'POST', '/api/v1/{proxy+}', 'aws_iam'],
    ]);
  });
});

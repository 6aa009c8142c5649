import { describe, expect, it } from 'vitest';
import { grantsOf, ofType, propertiesOf, serverless, statementsOf } from './read-infra.ts';

const functions = Object.keys(serverless.functions);
const roleOf = (name: string): string => serverless.functions[name]?.role ?? '';
const logOf = (name: string) =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map(
    (action) =>
      `logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/towline-\${sls:stage}-${name}:* ${action}`,
  );

const consumes = (queue: string) =>
  ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'].map((a) => `${queue} sqs:${a}`);
const sends = (...queues: string[]) => queues.map((queue) => `${queue} sqs:SendMessage`);
const table = (name: string, ...actions: string[]) => actions.map((action) => `${name} dynamodb:${action}`);
const SECRETS =
  'secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:towline/${self:custom.fleetName}/* secretsmanager:GetSecretValue';
const SANDBOX = 'lambda:${AWS::Region}:${AWS::AccountId}:function:towline-${sls:stage}-sandbox lambda:InvokeFunction';
const DUE = ['Deliveries', 'Refs', 'Renders', 'Applications', 'Rollouts', 'Previews', 'Alerts', 'Registrations'];

/** All that each function may do besides writing its own log. */
const GRANTS: Record<string, string[]> = {
  webhook: [
    ...table('FleetsTable', 'GetItem'),
    ...table('DeliveriesTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...sends('ChangesQueue'),
    SECRETS,
  ],
  plan: [
    ...consumes('ChangesQueue'),
    ...['Fleets', 'Deliveries', 'Refs', 'Rollouts', 'Previews', 'Answers', 'Clusters'].flatMap((name) =>
      table(`${name}Table`, 'GetItem', 'BatchGetItem', 'PutItem'),
    ),
    ...table('ApplicationsTable', 'GetItem', 'BatchGetItem', 'PutItem', 'Scan'),
    ...table('RegistrationsTable', 'GetItem', 'BatchGetItem', 'PutItem', 'DeleteItem', 'Scan'),
    ...table('RendersTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('OutcomesTable', 'PutItem', 'BatchWriteItem', 'Query'),
    ...sends('ChangesQueue', 'RendersQueue', 'SyncsQueue', 'ReportsQueue'),
    'Bucket/manifests/* s3:GetObject',
    ...['snapshots', 'indexes', 'charts', 'previews', 'answers'].flatMap((prefix) => [
      `Bucket/${prefix}/* s3:GetObject`,
      `Bucket/${prefix}/* s3:PutObject`,
    ]),
    'Bucket/bundles/* s3:PutObject',
    SANDBOX,
    SECRETS,
  ],
  render: [
    ...consumes('RendersQueue'),
    ...table('FleetsTable', 'GetItem'),
    ...table('RendersTable', 'GetItem', 'BatchGetItem', 'PutItem', 'BatchWriteItem'),
    ...table('ApplicationsTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('ApplicationsTable/index/awaiting', 'Query'),
    ...table('OutcomesTable', 'PutItem', 'BatchWriteItem'),
    'Bucket/bundles/* s3:GetObject',
    'Bucket/manifests/* s3:PutObject',
    SANDBOX,
    ...sends('SyncsQueue', 'ReportsQueue'),
  ],
  sandbox: ['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets', 'DeleteNetworkInterface'].map(
    (action) => `* ec2:${action}`,
  ),
  sync: [
    ...consumes('SyncsQueue'),
    ...table('FleetsTable', 'GetItem'),
    ...table('RendersTable', 'GetItem', 'BatchGetItem'),
    ...table('ApplicationsTable', 'GetItem', 'BatchGetItem', 'PutItem', 'DeleteItem'),
    ...table('RegistrationsTable', 'GetItem', 'BatchGetItem', 'PutItem', 'DeleteItem', 'Scan'),
    ...table('ClustersTable', 'GetItem', 'PutItem', 'DeleteItem'),
    ...table('AlertsTable', 'GetItem', 'PutItem'),
    ...table('OutcomesTable', 'PutItem', 'BatchWriteItem'),
    'Bucket/manifests/* s3:GetObject',
    ...sends('ChangesQueue', 'SyncsQueue', 'ReportsQueue'),
    'eks:*:${AWS::AccountId}:cluster/* eks:DescribeCluster',
    '${self:custom.clusterRoles} sts:AssumeRole',
  ],
  report: [
    ...consumes('ReportsQueue'),
    ...table('FleetsTable', 'GetItem'),
    ...table('RolloutsTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('CommitsTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('DeliveriesTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('PreviewsTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('AlertsTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    'Bucket/previews/* s3:GetObject',
    ...table('OutcomesTable', 'Query'),
    ...sends('ReportsQueue'),
    SECRETS,
  ],
  schedule: [
    ...table('FleetsTable', 'GetItem', 'PutItem'),
    ...[...DUE, 'Answers', 'Clusters'].flatMap((name) => table(`${name}Table`, 'GetItem', 'BatchGetItem', 'PutItem')),
    ...[...DUE, 'Clusters'].flatMap((name) => table(`${name}Table/index/due`, 'Query')),
    'Bucket/snapshots/* s3:GetObject',
    'Bucket/indexes/* s3:GetObject',
    'Bucket/answers/* s3:GetObject',
    'Bucket/answers/* s3:PutObject',
    ...sends('ChangesQueue', 'RendersQueue', 'SyncsQueue', 'ReportsQueue'),
    'eks:*:${AWS::AccountId}:cluster/* eks:DescribeCluster',
    '* eks:ListClusters',
    '* secretsmanager:ListSecrets',
    'secretsmanager:*:${AWS::AccountId}:secret:* secretsmanager:GetSecretValue',
    '${self:custom.clusterRoles} sts:AssumeRole',
    SECRETS,
  ],
  api: [
    ...table('FleetsTable', 'GetItem'),
    ...table('ApplicationsTable', 'GetItem', 'BatchGetItem', 'PutItem', 'Scan'),
    ...table('RolloutsTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('DeliveriesTable', 'GetItem', 'BatchGetItem', 'PutItem'),
    ...table('RendersTable', 'GetItem', 'BatchGetItem'),
    ...table('PreviewsTable', 'GetItem', 'BatchGetItem'),
    'Bucket/previews/* s3:GetObject',
    ...table('OutcomesTable', 'Query', 'PutItem', 'BatchWriteItem'),
    ...sends('ChangesQueue', 'RendersQueue', 'SyncsQueue', 'ReportsQueue'),
    ...['Changes', 'Renders', 'Syncs', 'Reports'].flatMap((name) =>
      ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) => `${name}DeadQueue sqs:${action}`),
    ),
  ],
};

describe('roles', () => {
  it('gives every function a role of its own, and no role besides', () => {
    const roles = functions.map(roleOf);
    expect(new Set(roles).size).toBe(functions.length);
    expect(ofType('AWS::IAM::Role').sort()).toEqual(roles.sort());
  });

  it.each(functions)('lets %s do exactly what its adapters call', (name) => {
    expect(grantsOf(roleOf(name))).toEqual([...(GRANTS[name] ?? []), ...logOf(name)].sort());
  });

  it('is assumed by Lambda alone and carries no managed policy', () => {
    for (const name of ofType('AWS::IAM::Role')) {
      const role = propertiesOf(name);
      const [trust, ...more] = role.AssumeRolePolicyDocument.Statement;
      expect(trust?.Principal, name).toEqual({ Service: 'lambda.amazonaws.com' });
      expect(more, name).toEqual([]);
      expect(role.ManagedPolicyArns, name).toBeUndefined();
    }
  });

  const LISTS = new Set(['eks:ListClusters', 'secretsmanager:ListSecrets']);

  it('has no wildcard in an action, nor as a resource but for sandbox’s network interfaces and schedule’s lists', () => {
    for (const name of ofType('AWS::IAM::Role')) {
      for (const { Action, Resource } of statementsOf(name)) {
        expect(Array.isArray(Action), name).toBe(true);
        for (const action of Action) expect(action, name).not.toContain('*');
        if ([Resource].flat().includes('*')) {
          const isAllowed = (action: string): boolean =>
            name === 'SandboxRole' ? action.startsWith('ec2:') : name === 'ScheduleRole' && LISTS.has(action);
          expect(Action.filter((action) => !isAllowed(action))).toEqual([]);
        }
      }
    }
  });

  it('denies the code in sandbox the network interfaces that Lambda makes for it', () => {
    const statements = statementsOf('SandboxRole');
    const interfaces = statements.find(({ Effect, Resource }) => Effect === 'Allow' && Resource === '*');
    const denied = statements.find(({ Effect }) => Effect === 'Deny');
    expect(denied?.Action).toEqual(interfaces?.Action);
    expect(denied?.Resource).toBe('*');
    expect(JSON.stringify(denied?.Condition)).toMatch(
      /lambda:SourceFunctionArn.*function:towline-\$\{sls:stage\}-sandbox/,
    );
  });

  it('lets a function read only the secrets tagged for what it does', () => {
    const readers = functions.flatMap((name) =>
      statementsOf(roleOf(name))
        .filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'))
        .map(({ Condition }) => ({ name, Condition })),
    );
    const tagged = (use: unknown) => ({ StringEquals: { 'aws:ResourceTag/towline': use } });
    const byName = Object.groupBy(readers, ({ name }) => name);
    const conditions = Object.entries(byName).map(([name, list = []]) => [
      name,
      list.map(({ Condition }) => Condition),
    ]);
    expect(Object.fromEntries(conditions)).toEqual({
      webhook: [tagged('webhook')],
      plan: [tagged('forge')],
      report: [tagged(['forge', 'slack'])],
      schedule: [tagged('forge'), tagged('cluster')],
    });
  });

  it('names in a function’s environment the queues that its role may use, and no other', () => {
    for (const name of functions) {
      const named = Object.entries(serverless.functions[name]?.environment ?? {})
        .filter(([variable]) => variable.startsWith('TOWLINE_QUEUE_'))
        .flatMap(([, value]) => value.Ref ?? []);
      const used = grantsOf(roleOf(name)).flatMap((grant) => grant.match(/^(\w+Queue) sqs:/)?.[1] ?? []);
      // A dead-letter queue is found by the name of its queue.
      const queues = used.map((queue) => queue.replace(/DeadQueue$/, 'Queue'));
      expect(named.sort(), name).toEqual([...new Set(queues)].sort());
    }
  });
});

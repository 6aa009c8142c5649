import { describe, expect, it } from 'vitest';
import { TABLES } from '../../../src/local/aws/tables.ts';
import { ofType, propertiesOf, resources, serverless } from './read-infra.ts';

const tables = ofType('AWS::DynamoDB::Table');
const byAttribute = (a: { AttributeName?: string }, b: { AttributeName?: string }) =>
  (a.AttributeName ?? '') < (b.AttributeName ?? '') ? -1 : 1;

interface Shape {
  BillingMode?: string;
  KeySchema?: unknown;
  GlobalSecondaryIndexes?: unknown;
  AttributeDefinitions?: readonly { AttributeName?: string }[];
}

/** What the emulator and CloudFormation both declare, in an order of its own. */
const shapeOf = (properties: Shape) => ({
  billing: properties.BillingMode,
  attributes: [...(properties.AttributeDefinitions ?? [])].sort(byAttribute),
  key: properties.KeySchema,
  indexes: properties.GlobalSecondaryIndexes ?? [],
});

describe('tables', () => {
  it('have the keys and indexes that the embedded DynamoDB has', () => {
    const declared = tables
      .map(propertiesOf)
      .map((table) => [table.TableName.replace('towline-${sls:stage}-', ''), shapeOf(table)]);
    const embedded = TABLES.map((table) => [table.TableName, shapeOf(table)]);
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(embedded));
  });

  it.each(tables)('%s is encrypted, restorable to any second, and outlives the stack', (name) => {
    const table = propertiesOf(name);
    expect(table.SSESpecification).toEqual({ SSEEnabled: true });
    expect(table.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    expect(resources[name]?.DeletionPolicy).toBe('Retain');
  });

  it('are found by the prefix that the functions are given', () => {
    const prefix = serverless.provider.environment.TOWLINE_TABLE_PREFIX;
    for (const name of tables) expect(propertiesOf(name).TableName.startsWith(String(prefix)), name).toBe(true);
  });

  it('lets rows with an end expire', () => {
    const expiring = tables.filter((name) => propertiesOf(name).TimeToLiveSpecification?.Enabled);
    expect(expiring.sort()).toEqual([
      'AlertsTable',
      'AnswersTable',
      'CommitsTable',
      'DeliveriesTable',
      'OutcomesTable',
      'PreviewsTable',
      'RendersTable',
    ]);
    for (const name of expiring) expect(propertiesOf(name).TimeToLiveSpecification?.AttributeName).toBe('expiresAt');
  });
});

describe('bucket', () => {
  const bucket = propertiesOf('Bucket');

  it('is encrypted and closed to the public', () => {
    const [rule] = bucket.BucketEncryption.ServerSideEncryptionConfiguration;
    expect(rule?.ServerSideEncryptionByDefault).toEqual({ SSEAlgorithm: 'AES256' });
    expect(Object.values(bucket.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(bucket.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  });

  it('refuses what is not sent over TLS', () => {
    const [statement] = propertiesOf('BucketPolicy').PolicyDocument.Statement;
    expect(statement).toMatchObject({ Effect: 'Deny', Principal: '*' });
    expect(statement?.Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
  });

  it('expires everything that any role may write', () => {
    const rules = bucket.LifecycleConfiguration.Rules;
    const expiring = rules.filter(({ ExpirationInDays }) => ExpirationInDays).map(({ Prefix }) => Prefix);
    const written = JSON.stringify(resources).matchAll(/\$\{Bucket\.Arn\}\/(\w+\/)\*/g);
    for (const [, prefix] of written) expect(expiring).toContain(prefix);
  });
});

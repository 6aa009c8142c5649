import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../../..');

/** A reference to another resource, as CloudFormation spells it. */
export interface Reference {
  Ref?: string;
  'Fn::GetAtt'?: string[];
  'Fn::Sub'?: string;
}

export interface Statement {
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string[];
  Resource: unknown;
  Condition?: unknown;
}

interface Resource {
  Type: string;
  DeletionPolicy?: string;
  Properties: Readonly<Record<string, unknown>>;
}

/** What infra/*.yml may say of a resource, as far as these tests look at it. */
export interface Properties {
  AssumeRolePolicyDocument: { Statement: Statement[] };
  ManagedPolicyArns?: unknown;
  Policies: { PolicyDocument: { Statement: Statement[] } }[];
  PolicyDocument: { Statement: Statement[] };
  VisibilityTimeout: number;
  MessageRetentionPeriod: number;
  SqsManagedSseEnabled: boolean;
  FifoQueue?: boolean;
  RedrivePolicy: { maxReceiveCount: number; deadLetterTargetArn: Reference };
  Dimensions: { Value: Reference }[];
  AlarmName: string;
  AlarmDescription: string;
  DashboardBody: Reference;
  TableName: string;
  BillingMode: string;
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
  KeySchema: unknown;
  GlobalSecondaryIndexes?: unknown;
  SSESpecification: unknown;
  PointInTimeRecoverySpecification: unknown;
  TimeToLiveSpecification?: { Enabled: boolean; AttributeName: string };
  BucketEncryption: { ServerSideEncryptionConfiguration: { ServerSideEncryptionByDefault: unknown }[] };
  PublicAccessBlockConfiguration: Record<string, boolean>;
  OwnershipControls: { Rules: unknown };
  LifecycleConfiguration: { Rules: { Prefix?: string; ExpirationInDays?: number }[] };
}

interface FunctionConfig {
  role: string;
  timeout?: number;
  environment?: Record<string, Reference>;
  events?: { sqs?: { arn: Reference; functionResponseType?: string }; httpApi?: Route }[];
}

/** One route of the HTTP API. */
interface Route {
  method: string;
  path: string;
  authorizer?: { type: string };
}

interface Serverless {
  provider: { timeout: number; environment: Record<string, string> };
  functions: Record<string, FunctionConfig>;
}

const readYaml = (path: string): unknown => parse(readFileSync(join(ROOT, path), 'utf8'));

export const serverless = readYaml('serverless.yml') as Serverless;

/** Every resource of infra/*.yml by its logical id. */
export const resources: Record<string, Resource> = Object.assign(
  {},
  ...readdirSync(join(ROOT, 'infra'))
    .filter((file) => file.endsWith('.yml'))
    .map((file) => (readYaml(`infra/${file}`) as { Resources: Record<string, Resource> }).Resources),
);

/** A resource's properties. */
export const propertiesOf = (name: string): Properties => {
  const found = resources[name];
  if (!found) throw new Error(`infra/*.yml declares no ${name}`);
  return found.Properties as unknown as Properties;
};

/** Logical ids of the resources of one type. */
export const ofType = (type: string): string[] =>
  Object.keys(resources).filter((name) => resources[name]?.Type === type);

/** A role's statements. */
export const statementsOf = (role: string): Statement[] =>
  propertiesOf(role).Policies.flatMap((policy) => policy.PolicyDocument.Statement);

/** `FleetsTable`, `Bucket/snapshots/*`, `sandbox`: what a statement's resource says, without CloudFormation's words. */
export const shortResource = (resource: unknown): string => {
  if (typeof resource === 'string') return resource;
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text } = resource as Reference;
  if (attribute) return `${attribute[0]}`;
  return (text ?? '').replace(/\$\{(\w+)\.Arn\}/, '$1').replace(/^arn:\$\{AWS::Partition\}:/, '');
};

/** `resource action` pairs that a role allows, sorted. */
export const grantsOf = (role: string): string[] =>
  statementsOf(role)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      [Resource].flat().flatMap((resource) => Action.map((action) => `${shortResource(resource)} ${action}`)),
    )
    .sort();

/** The routes that lead to a function. */
export const routesOf = (name: string): Route[] =>
  (serverless.functions[name]?.events ?? []).flatMap(({ httpApi }) => httpApi ?? []);

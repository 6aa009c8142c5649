import * as v from 'valibot';
import { permanent } from './domain/errors.ts';

const Url = v.pipe(v.string(), v.url());
const Name = v.pipe(v.string(), v.nonEmpty());

/** Every setting that a function can be given, by the variable that carries it. Nothing else is read anywhere. */
const Settings = v.object({
  TOWLINE_FLEET_NAME: v.optional(Name, 'fleet'),
  /** `{"repository":"https://…","ref":"main","path":"fleet.yaml","forge":"github"}`: where a deployed stack's fleet file is. */
  TOWLINE_FLEET: v.optional(Name),
  TOWLINE_TABLE_PREFIX: v.optional(Name, 'towline-'),
  TOWLINE_BUCKET: v.optional(Name, 'towline'),
  TOWLINE_QUEUE_CHANGES: v.optional(Url),
  TOWLINE_QUEUE_RENDERS: v.optional(Url),
  TOWLINE_QUEUE_SYNCS: v.optional(Url),
  TOWLINE_QUEUE_REPORTS: v.optional(Url),
  TOWLINE_SANDBOX: v.optional(Name, 'towline-sandbox'),
  TOWLINE_HELM: v.optional(Name, '/opt/helm/helm'),
  TOWLINE_KUBECTL: v.optional(Name, '/opt/kubectl/kubectl'),
  TOWLINE_GO_TEMPLATES: v.optional(Name),
  TOWLINE_PUBLIC_URL: v.optional(Url),
  TOWLINE_POLL_SECONDS: v.optional(v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)), '300'),
  TOWLINE_COMPARE_SECONDS: v.optional(v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)), '3600'),
  TOWLINE_LOG_LEVEL: v.optional(v.picklist(['DEBUG', 'INFO', 'WARN', 'ERROR']), 'INFO'),
  /** Where the SDKs find a service, which read these themselves; on one machine: what is not to be emulated. */
  AWS_ENDPOINT_URL_DYNAMODB: v.optional(Url),
  AWS_ENDPOINT_URL_SQS: v.optional(Url),
  AWS_ENDPOINT_URL_S3: v.optional(Url),
});

export type Config = Readonly<{
  fleetName: string;
  fleetLocation?: string;
  tablePrefix: string;
  bucket: string;
  queues: Readonly<{ changes?: string; renders?: string; syncs?: string; reports?: string }>;
  sandbox: string;
  helm: string;
  kubectl: string;
  /** The program that renders Go templates, where it is not beside the sources. */
  goTemplates?: string;
  publicURL?: string;
  pollSeconds: number;
  /** Between two comparisons of an application at rest with its cluster; 0: only when asked for. */
  compareSeconds: number;
  logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  awsEndpoints: AwsEndpoints;
}>;

/** Base URLs of services that are served elsewhere than in AWS. */
export type AwsEndpoints = Readonly<{ dynamodb?: string; sqs?: string; s3?: string }>;

/**
 * Parses the settings out of environment variables, all problems in one error.
 * Errors: AppError `config-invalid` (permanent) naming each variable, its value and what would be right.
 */
export const parseConfig = (environment: Readonly<Record<string, string | undefined>>): Config => {
  const result = v.safeParse(Settings, environment);
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
    throw permanent('config-invalid', `invalid settings: ${problems.join('; ')}`);
  }
  const settings = result.output;
  return Object.freeze({
    fleetName: settings.TOWLINE_FLEET_NAME,
    fleetLocation: settings.TOWLINE_FLEET,
    tablePrefix: settings.TOWLINE_TABLE_PREFIX,
    bucket: settings.TOWLINE_BUCKET,
    queues: Object.freeze({
      changes: settings.TOWLINE_QUEUE_CHANGES,
      renders: settings.TOWLINE_QUEUE_RENDERS,
      syncs: settings.TOWLINE_QUEUE_SYNCS,
      reports: settings.TOWLINE_QUEUE_REPORTS,
    }),
    sandbox: settings.TOWLINE_SANDBOX,
    helm: settings.TOWLINE_HELM,
    kubectl: settings.TOWLINE_KUBECTL,
    goTemplates: settings.TOWLINE_GO_TEMPLATES,
    publicURL: settings.TOWLINE_PUBLIC_URL,
    pollSeconds: settings.TOWLINE_POLL_SECONDS,
    compareSeconds: settings.TOWLINE_COMPARE_SECONDS,
    logLevel: settings.TOWLINE_LOG_LEVEL,
    awsEndpoints: Object.freeze({
      dynamodb: settings.AWS_ENDPOINT_URL_DYNAMODB,
      sqs: settings.AWS_ENDPOINT_URL_SQS,
      s3: settings.AWS_ENDPOINT_URL_S3,
    }),
  });
};

/** The settings of this process: the one place that reads `process.env`. */
export const loadConfig = (): Config => parseConfig(process.env);

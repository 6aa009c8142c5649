import { AppError } from '../domain/errors.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { hookedRepositories, repositoriesNamed } from '../domain/webhook/match-repository.ts';
import { identityOf, parseBody } from '../domain/webhook/payload.ts';
import { readEvent } from '../domain/webhook/read-event.ts';
import {
  forgeOf,
  headerOf,
  isJSONContent,
  type ReceiveWebhook,
  type WebhookAnswer,
  type WebhookHeaders,
} from '../domain/webhook/request.ts';
import { parseWebhookSecrets } from '../domain/webhook/secret-values.ts';
import { isProvenBy, type Proof, proofOf } from '../domain/webhook/signature.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Secrets } from '../ports/secrets.ts';
import { type AcceptDeliveryDeps, acceptDelivery } from './accept-delivery.ts';

export interface ReceiveWebhookDeps extends AcceptDeliveryDeps {
  /** The fleet's registered repositories. */
  repositories: () => Promise<readonly RepositoryConfig[]>;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  /** Most bytes of a body. */
  maxBytes: number;
  /** False where nothing of the fleet follows this full ref; absent: every branch and tag is looked at. */
  isTracked?: (repository: RepositoryConfig, ref: string) => Promise<boolean>;
}

/** One answer for a repository that is not registered, a wrong signature and none: no stranger learns which it was. */
const UNAUTHORIZED: WebhookAnswer = {
  status: 401,
  body: {
    error: 'unauthorized',
    message: 'no registered repository has a webhook secret that proves this request: check its URL and its secret',
  },
};

const refuse = (status: 400 | 413 | 415, error: string, message: string): WebhookAnswer => ({
  status,
  body: { error, message },
});

const ignore = (reason: string): WebhookAnswer => ({ status: 202, body: { status: 'ignored', reason } });

/** Distinct secrets that a request without a readable repository is checked against: a cap on a stranger's bill. */
const MAX_SECRETS_WITHOUT_NAME = 50;

/**
 * Takes in one webhook: size (413), content type (415), signature over the raw bytes (401), shape (400), and only then
 * the durable write, after which it answers 202. What is authentic but not for us is 202, too, as forges switch hooks
 * off that fail. Rejects only where secrets, fleet or store cannot be read (AppError, transient).
 * Source: design §2.1, reliability-security.md §1 and §2.
 */
export const receiveWebhook =
  (deps: ReceiveWebhookDeps): ReceiveWebhook =>
  async (request) => {
    if (request.body.byteLength > deps.maxBytes) {
      return refuse(413, 'body-too-large', `the body may have at most ${deps.maxBytes} bytes`);
    }
    if (!isJSONContent(request.headers)) {
      return refuse(
        415,
        'content-type',
        'send application/json, not compressed: set the content type in the settings of the webhook',
      );
    }
    const forge = forgeOf(request);
    const proof = proofOf(forge, request.headers);
    if (!proof) return UNAUTHORIZED;
    const parsed = parseBody(request.body);
    const hooked = hookedRepositories(await deps.repositories(), forge);
    const claim = { hooked, proof, body: request.body, json: parsed?.json };
    const [repository] = await provenRepositories(deps, claim);
    if (!repository) {
      return (await isOfSharedHook(deps, forge, request.headers, claim)) ? ignore(UNREGISTERED) : UNAUTHORIZED;
    }
    if (!parsed) return refuse(400, 'body-malformed', 'the body is not JSON in UTF-8');
    const event = readEvent(forge, request.headers, parsed.json);
    if (event.type === 'ignored') return ignore(event.reason);
    if (event.type === 'malformed') return refuse(400, 'body-malformed', event.reason);
    const authentic = { forge, headers: request.headers, repository: repository.url };
    if (event.type === 'pull-request') {
      if (!deps.enqueuePreview) return ignore('pull requests are not previewed here');
      return acceptDelivery(deps)({ ...authentic, pullRequest: event.pullRequest });
    }
    if (deps.isTracked && !(await deps.isTracked(repository, event.change.ref))) {
      return ignore('no application and no fleet follows this ref');
    }
    return acceptDelivery(deps)({ ...authentic, change: event.change });
  };

const UNREGISTERED = 'this repository is not registered in the fleet';

/**
 * Whether an authentic hook of many repositories (of a GitHub App or organization, a GitLab group or instance) tells of one
 * that is none of the fleet's: that is no failure of the hook, and GitLab switches off hooks that fail four times in a row.
 * GitLab does not say which hooks are a group's, so all of its hooks count.
 */
const isOfSharedHook = async (
  deps: ReceiveWebhookDeps,
  forge: 'github' | 'gitlab',
  headers: WebhookHeaders,
  claim: Claim,
): Promise<boolean> => {
  const target = headerOf(headers, 'x-github-hook-installation-target-type');
  if (forge === 'github' && (target === undefined || target === 'repository')) return false;
  const identity = identityOf(claim.json);
  if (identity.urls.length === 0 || repositoriesNamed(await deps.repositories(), identity).length > 0) return false;
  return (await provenRepositories(deps, { ...claim, json: undefined })).length > 0;
};

interface Claim {
  hooked: readonly RepositoryConfig[];
  proof: Proof;
  body: Uint8Array;
  json: unknown;
}

/**
 * The registered repositories for which the request speaks: those it names and whose secret proves it. Where it names
 * none (a ping of an organisation, a malformed body), those whose secret proves it.
 */
const provenRepositories = async (deps: ReceiveWebhookDeps, claim: Claim): Promise<RepositoryConfig[]> => {
  const identity = identityOf(claim.json);
  const named = identity.urls.length > 0;
  const candidates = named ? repositoriesNamed(claim.hooked, identity) : claim.hooked;
  const names = [...new Set(candidates.flatMap(({ webhookSecret }) => webhookSecret ?? []))];
  const checked = named ? names : names.slice(0, MAX_SECRETS_WITHOUT_NAME);
  const now = deps.clock();
  const proving = await Promise.all(
    checked.map(async (name) => {
      const values = await secretValues(deps, name);
      return values.some((secret) => isProvenBy(claim.proof, secret, claim.body, now)) ? [name] : [];
    }),
  );
  const provenNames = new Set(proving.flat());
  return candidates.filter(({ webhookSecret }) => webhookSecret && provenNames.has(webhookSecret));
};

/** A secret that is missing or empty proves nothing: its hooks are refused, and the log says why. */
const secretValues = async ({ secrets, log }: ReceiveWebhookDeps, name: string): Promise<string[]> => {
  try {
    return parseWebhookSecrets(name, await secrets.read(name));
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'transient') throw error;
    log.error('webhook secret unusable', { secret: name, code: error.code });
    return [];
  }
};

/**
 * Reads every webhook secret once, to refuse to start with one that is missing or empty. Errors: those of
 * `parseWebhookSecrets` and of the Secrets port.
 */
export const checkWebhookSecrets = async (
  repositories: readonly RepositoryConfig[],
  secrets: Secrets,
): Promise<void> => {
  const names = new Set(repositories.flatMap(({ webhookSecret }) => webhookSecret ?? []));
  await Promise.all([...names].map(async (name) => parseWebhookSecrets(name, await secrets.read(name))));
};

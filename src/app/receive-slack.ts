import type { SlackConfig } from '../domain/fleet/fleet-file.ts';
import { headerOf, type WebhookHeaders } from '../domain/webhook/request.ts';
import { parseWebhookSecrets } from '../domain/webhook/secret-values.ts';
import { readSlackRequest } from '../domain/webhook/slack-action.ts';
import { isSignedBySlack } from '../domain/webhook/slack-signature.ts';
import type { ActionMessage } from '../messages/action.ts';
import type { Clock } from '../ports/clock.ts';
import type { Secrets } from '../ports/secrets.ts';

export interface ReceiveSlackDeps {
  /** The fleet's chat; undefined where it has none. */
  slack: () => Promise<SlackConfig | undefined>;
  secrets: Secrets;
  enqueue: (message: ActionMessage) => Promise<void>;
  clock: Clock;
}

export interface SlackAnswer {
  status: 200 | 400 | 401 | 415;
  /** Absent: Slack wants to hear nothing but that it was taken. */
  error?: { error: string; message: string };
}

export type ReceiveSlack = (request: { headers: WebhookHeaders; body: Uint8Array }) => Promise<SlackAnswer>;

const UNAUTHORIZED: SlackAnswer = {
  status: 401,
  error: { error: 'unauthorized', message: 'not signed with the secret that slack.signingSecret of the fleet names' },
};

/**
 * Takes in a press of a button: content type (415), signature over the raw bytes (401), shape (400), one message. Whether
 * the person may is found out by whoever does it, since Slack waits for 3 seconds. Rejects only where fleet, secret or
 * queue cannot be reached (AppError, transient).
 */
export const receiveSlack =
  (deps: ReceiveSlackDeps): ReceiveSlack =>
  async (request) => {
    const type = headerOf(request.headers, 'content-type')?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/x-www-form-urlencoded') {
      return { status: 415, error: { error: 'content-type', message: 'send application/x-www-form-urlencoded' } };
    }
    const name = (await deps.slack())?.signingSecret;
    if (name === undefined) return UNAUTHORIZED;
    const secrets = parseWebhookSecrets(name, await deps.secrets.read(name));
    const trimmed = secrets.map((secret) => secret.trim());
    if (!isSignedBySlack(request, trimmed, deps.clock())) return UNAUTHORIZED;
    const asked = readSlackRequest(request.body);
    if (asked.type === 'malformed') {
      return { status: 400, error: { error: 'body-malformed', message: asked.reason } };
    }
    if (asked.type === 'action') await deps.enqueue({ version: 1, ...asked.action });
    return { status: 200 };
  };

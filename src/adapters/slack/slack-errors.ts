import { type AppError, permanent, transient } from '../../domain/errors.ts';

const DEFAULT_WAIT_SECONDS = 30;

const LIMITED = new Set(['ratelimited', 'rate_limited']);
const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'accesslimited',
]);
const CHANNEL = new Set(['channel_not_found', 'not_in_channel', 'is_archived', 'restricted_action_read_only_channel']);
const DENIED = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'missing_scope',
  'no_permission',
  'access_denied',
  'org_login_required',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'not_allowed_token_type',
  'team_access_not_granted',
  'two_factor_setup_required',
  'restricted_action',
]);

/** A Slack error code as it may be shown: the API's are short words; anything else is not repeated. */
const shown = (code: string): string => (/^[a-z_]{1,60}$/.test(code) ? code : 'unknown');

/** Translates the `error` code of an answer of Slack's Web API. */
export const slackError = (code: string, method: string, headers: Headers): AppError => {
  const details = { method, slack: shown(code) };
  if (LIMITED.has(code)) {
    const after = Number(headers.get('retry-after') ?? Number.NaN);
    const retryAfterSeconds = Number.isFinite(after) ? Math.max(1, Math.ceil(after)) : DEFAULT_WAIT_SECONDS;
    return transient('chat-rate-limited', 'Slack limits requests', { details, retryAfterSeconds });
  }
  if (PASSING.has(code)) return transient('chat-unreachable', `Slack could not answer: ${code}`, { details });
  if (CHANNEL.has(code)) {
    const remedy = 'set slack.channel to the id of a channel and invite the app there';
    return permanent('chat-channel-unknown', `Slack answered ${code}: ${remedy}`, { details });
  }
  if (DENIED.has(code)) {
    const remedy = 'the secret in slack.credentials must be a bot token with the scope chat:write';
    return permanent('chat-denied', `Slack answered ${code}: ${remedy}`, { details });
  }
  return permanent('chat-refused', `Slack refused the message: ${shown(code)}`, { details });
};

import type { WebhookEvent } from './event.ts';
import { readGitHubEvent } from './github-event.ts';
import { readGitLabEvent } from './gitlab-event.ts';
import { headerOf, type WebhookHeaders } from './request.ts';

/** Reads an authentic payload by its forge's rules. Never throws; `json` may be anything. */
export const readEvent = (forge: 'github' | 'gitlab', headers: WebhookHeaders, json: unknown): WebhookEvent =>
  forge === 'github'
    ? readGitHubEvent(headerOf(headers, 'x-github-event'), json)
    : readGitLabEvent(headerOf(headers, 'x-gitlab-event'), json);

/** Headers as an HTTP server hands them over; names in any case, values as hostile as they come. */
export type WebhookHeaders = Readonly<Record<string, unknown>>;

/** One webhook request. `auto` is Argo CD's URL, where the headers tell the forge. */
export interface WebhookRequest {
  forge: 'github' | 'gitlab' | 'auto';
  headers: WebhookHeaders;
  /** The bytes that were sent, as they were sent: signatures are over them. */
  body: Uint8Array;
}

/** What is answered; `body` is JSON. */
export interface WebhookAnswer {
  status: 202 | 400 | 401 | 413 | 415;
  body: { status: 'accepted' | 'ignored' | 'duplicate'; [field: string]: string } | { error: string; message: string };
}

/** Takes in a webhook request; rejects (AppError or a defect) only where no answer below 500 is true. */
export type ReceiveWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>;

/** The value of a header by its lower-case name; undefined where it is absent, empty or not one string. */
export const headerOf = (headers: WebhookHeaders, name: string): string | undefined => {
  const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
  const value = key === undefined ? undefined : headers[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Which forge's rules a request is read by. On `auto`, whatever does not look like GitLab is read as GitHub's. */
export const forgeOf = ({ forge, headers }: Pick<WebhookRequest, 'forge' | 'headers'>): 'github' | 'gitlab' => {
  if (forge !== 'auto') return forge;
  if (headerOf(headers, 'x-github-event')) return 'github';
  const gitlab = ['x-gitlab-event', 'x-gitlab-token', 'webhook-signature'].some((name) => headerOf(headers, name));
  return gitlab ? 'gitlab' : 'github';
};

/** True for `application/json`, with or without parameters, and no content coding but identity. */
export const isJSONContent = (headers: WebhookHeaders): boolean => {
  const type = headerOf(headers, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  const coding = headerOf(headers, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  return type === 'application/json' && coding === 'identity';
};

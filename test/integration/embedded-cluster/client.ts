import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { startEmbeddedCluster } from '../../../src/local/kubernetes/embedded-cluster.ts';

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are JSON of every kind; a test says what it expects
  body: any;
}

export interface Client {
  url: string;
  token: string;
  certificateAuthority?: string;
}

const bodyText = (body: unknown): string | Buffer => {
  if (body === undefined) return '';
  return typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body);
};

/** One request; `type` is the body's media type. */
export const call = (
  { url, token, certificateAuthority }: Client,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const content = bodyText(body);
    const length = { 'content-length': String(Buffer.byteLength(content)) };
    const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...length, ...headers };
    const options = { method, headers: all, ca: certificateAuthority, agent: false };
    const outgoing = request(`${url}${path}`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = String(response.headers['content-type']).includes('json') && !text.includes('}\n{');
        const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : text;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(content);
  });

/** Server-side apply. */
export const apply = (client: Client, path: string, body: unknown, query = 'fieldManager=test'): Promise<Answer> =>
  call(client, 'PATCH', `${path}?${query}`, body, { 'content-type': 'application/apply-patch+yaml' });

/** Asks again every few milliseconds until `done` holds; fails after thirty seconds. */
export const until = async (ask: () => Promise<Answer>, done: (answer: Answer) => boolean): Promise<Answer> => {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (done(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${JSON.stringify(answer.body)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** What a watch sends until `enough` events are there, or it ends. */
export const watchEvents = (
  { url, token, certificateAuthority }: Client,
  path: string,
  enough: number,
  started: () => void = () => undefined,
): Promise<Answer['body'][]> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const outgoing = request(`${url}${path}`, { headers, ca: certificateAuthority, agent: false }, (response) => {
      let text = '';
      const events = () =>
        text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line));
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (events().length < enough) return;
        resolve(events());
        outgoing.destroy();
      });
      response.on('end', () => resolve(events()));
      response.on('error', () => resolve(events()));
      started();
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export const startCluster = (stateDir: string) =>
  startEmbeddedCluster({ name: 'demo', stateDir, clock: Date.now, newId: randomUUID, log: silent });

import { permanent } from '../../domain/errors.ts';
import { answerError } from './answer-errors.ts';
import type { GuardedAnswer, Requester } from './guarded-request.ts';

export interface OciClient {
  /** `GET` of a path below `/v2/<name>/`. Errors: those of the requester and of `answerError`. */
  get(path: string, accept: string, maxBytes: number): Promise<GuardedAnswer>;
  /** `https://registry/v2/<name>/`. */
  base: string;
}

interface OciOptions {
  host: string;
  name: string;
  authorize: () => Promise<string | undefined>;
  request: Requester;
  /** Registries on this machine are spoken to without TLS (local mode). */
  allowInsecure: boolean;
}

const TOKEN_BYTES = 1_048_576;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

/** Speaks to one repository of an OCI registry; asks for a token where the registry wants one (anonymous or with credentials). */
export const createOciClient = ({ host, name, authorize, request, allowInsecure }: OciOptions): OciClient => {
  const scheme = allowInsecure && LOOPBACK.test(host) ? 'http' : 'https';
  const base = `${scheme}://${host === 'docker.io' ? 'registry-1.docker.io' : host}/v2/${name}/`;
  let authorization: string | undefined;
  return {
    base,
    get: async (path, accept, maxBytes) => {
      const url = path.startsWith('/') ? new URL(path, base).href : `${base}${path}`;
      const ask = () => request({ url, headers: { accept }, authorization, maxBytes });
      const answer = await ask();
      if (answer.status !== 401) return checked(answer, `${host}/${name}`);
      authorization = await answerChallenge(answer, { authorize, request, host, name });
      return checked(await ask(), `${host}/${name}`);
    },
  };
};

const checked = (answer: GuardedAnswer, what: string): GuardedAnswer => {
  if (answer.status === 200) return answer;
  throw answerError(answer, what);
};

/** `Bearer realm="…",service="…",scope="…"`: fetches the token; `Basic`: the credentials themselves. */
const answerChallenge = async (
  answer: GuardedAnswer,
  { authorize, request, host, name }: Pick<OciOptions, 'authorize' | 'request' | 'host' | 'name'>,
): Promise<string | undefined> => {
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const basic = await authorize();
  if (!/^bearer /i.test(challenge)) return basic;
  const fields = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  const realm = fields['realm'] ?? '';
  if (!URL.canParse(realm)) throw permanent('chart-repository-invalid', `${host} asks for a token of nowhere`);
  const url = new URL(realm);
  if (fields['service']) url.searchParams.set('service', fields['service']);
  url.searchParams.set('scope', fields['scope'] ?? `repository:${name}:pull`);
  const token = await request({ url: url.href, authorization: basic, maxBytes: TOKEN_BYTES });
  if (token.status !== 200) throw answerError(token, `token for ${host}/${name}`);
  return `Bearer ${tokenOf(token.body, host)}`;
};

const tokenOf = (body: Uint8Array, host: string): string => {
  const value: unknown = parse(body);
  if (typeof value === 'object' && value !== null) {
    if ('token' in value && typeof value.token === 'string') return value.token;
    if ('access_token' in value && typeof value.access_token === 'string') return value.access_token;
  }
  throw permanent('chart-repository-invalid', `the token service of ${host} gave no token`);
};

const parse = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
};

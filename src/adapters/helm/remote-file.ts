import { createHash } from 'node:crypto';
import { type AppError, permanent } from '../../domain/errors.ts';
import type { ChartRepository, ChartVersion } from '../../ports/charts.ts';
import type { Clock } from '../../ports/clock.ts';
import { answerError } from './answer-errors.ts';
import type { GuardedAnswer, Requester } from './guarded-request.ts';

interface RemoteFileOptions {
  url: string;
  request: Requester;
  clock: Clock;
  /** What was read, from the question for its version to that for its bytes. */
  recent: RecentFiles;
}

/** Contents by URL. */
export interface RecentFiles {
  put(url: string, bytes: Uint8Array): void;
  /** Takes it out. */
  take(url: string): Uint8Array | undefined;
}

/** Keeps the newest contents, at most `limit` bytes of them: whoever only asks for versions never takes any. */
export const createRecentFiles = (limit: number): RecentFiles => {
  const kept = new Map<string, Uint8Array>();
  let size = 0;
  const take = (url: string): Uint8Array | undefined => {
    const bytes = kept.get(url);
    if (kept.delete(url)) size -= bytes?.length ?? 0;
    return bytes;
  };
  return {
    take,
    put: (url, bytes) => {
      take(url);
      kept.set(url, bytes);
      size += bytes.length;
      for (const [oldest] of kept) if (size > limit) take(oldest);
    },
  };
};

/** Bytes: the largest bundles of manifests that projects publish have some 5 MB. */
const FILE_BYTES = 16_777_216;
/** How long an answer counts without asking: one plan asks for a file that many applications name. */
const FRESH_MS = 10_000;
const TIMEOUT_MS = 10_000;

interface KnownFile {
  digest: string;
  etag: string | null;
  lastModified: string | null;
  askedAt: number;
}

/**
 * A file at a URL: its version is the digest of its content, asked for again only where it has changed. No credentials are
 * sent. `fetch` may find another content than `resolve` did: its reader compares digests.
 */
export const createRemoteFile = ({ url, request, clock, recent }: RemoteFileOptions): ChartRepository => {
  let known: KnownFile | undefined;
  let asking: Promise<KnownFile> | undefined;
  const get = async (headers: Record<string, string>): Promise<GuardedAnswer> => {
    const answer = await request({ url, headers, maxBytes: FILE_BYTES, timeoutMs: TIMEOUT_MS });
    if (answer.status !== 200 && answer.status !== 304) throw answered(answer, url);
    return answer;
  };
  const ask = async (before: KnownFile | undefined): Promise<KnownFile> => {
    const { status, headers, body } = await get(before ? conditions(before) : {});
    if (status === 304 && before) return { ...before, askedAt: clock() };
    recent.put(url, body);
    const [etag, lastModified] = [headers.get('etag'), headers.get('last-modified')];
    return { digest: sha256(body), etag, lastModified, askedAt: clock() };
  };
  return {
    resolve: async (): Promise<ChartVersion> => {
      const isFresh = known !== undefined && clock() - known.askedAt < FRESH_MS;
      if (!isFresh) {
        asking ??= ask(known).finally(() => {
          asking = undefined;
        });
      }
      known = asking ? await asking : known;
      const { digest = '' } = known ?? {};
      return { version: digest, digest, url, layout: 'file' };
    },
    fetch: async ({ digest }) => {
      const kept = recent.take(url);
      return kept && sha256(kept) === digest ? kept : (await get({})).body;
    },
    unpack: (file) => file,
  };
};

const conditions = ({ etag, lastModified }: KnownFile): Record<string, string> => ({
  ...(etag === null ? {} : { 'if-none-match': etag }),
  ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
});

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Whoever names a file by URL gives no credentials for it. */
const answered = (answer: GuardedAnswer, url: string): AppError => {
  if (answer.status !== 401 && answer.status !== 403) return answerError(answer, new URL(url).pathname);
  return permanent('chart-repository-denied', `access denied (${answer.status}): files by URL have to be public`);
};

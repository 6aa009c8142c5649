import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import { isObjectId } from '../../domain/git-name.ts';
import type { GitHubClient } from './repository-client.ts';
import { unreadable } from './repository-errors.ts';

/** Blobs asked for in one GraphQL query; below MIN_BATCH single requests are as good. */
const BATCH = 50;
const MIN_BATCH = 4;
/** GitHub asks for few requests at a time (secondary limits). */
const PARALLEL = 8;

const BlobSchema = v.object({ content: v.string(), encoding: v.picklist(['base64', 'utf-8']) });
const BatchSchema = v.object({
  repository: v.nullish(v.record(v.string(), v.nullish(v.object({ text: v.nullish(v.string()) })))),
});

/** Git's id of a blob with these bytes, in the format of `like`. */
const blobId = (bytes: Uint8Array, like: string): string =>
  createHash(like.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest('hex');

/**
 * Reads blobs: many at a time as text through GraphQL, and one by one what is binary, cut short or alone. What came is
 * what was asked for: bytes are held against their id. Errors: AppError `blob-not-found` (permanent).
 */
export const readGitHubBlobs = async (
  client: GitHubClient,
  digests: readonly string[],
): Promise<Map<string, Uint8Array>> => {
  const wanted = [...new Set(digests)];
  for (const digest of wanted) if (!isObjectId(digest)) throw notFound(client.subject, digest);
  const found = new Map<string, Uint8Array>();
  if (wanted.length >= MIN_BATCH) {
    await inParallel(chunks(wanted, BATCH), async (batch) => {
      for (const [digest, bytes] of await readBatch(client, batch)) found.set(digest, bytes);
    });
  }
  const rest = wanted.filter((digest) => !found.has(digest));
  await inParallel(rest, async (digest) => {
    found.set(digest, await readOne(client, digest));
  });
  return found;
};

/** Those of the blobs that GraphQL has as text, whole. Ids are hex, so they may stand in the query. */
const readBatch = async (client: GitHubClient, batch: readonly string[]): Promise<[string, Uint8Array][]> => {
  const fields = batch.map((digest, index) => `b${index}: object(oid: "${digest}") { ... on Blob { text } }`);
  const query = `query($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { ${fields.join(' ')} } }`;
  const answer = v.safeParse(BatchSchema, await client.graphql(query, {}));
  if (!answer.success) throw unreadable(client.subject, 'blobs');
  return batch.flatMap((digest, index): [string, Uint8Array][] => {
    const text = answer.output.repository?.[`b${index}`]?.text;
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : undefined;
    return bytes && blobId(bytes, digest) === digest ? [[digest, bytes]] : [];
  });
};

const readOne = async (client: GitHubClient, digest: string): Promise<Uint8Array> => {
  const answer = await client.get('/git/blobs/{sha}', BlobSchema, { sha: digest });
  if (!answer) throw notFound(client.subject, digest);
  const { content, encoding } = answer.data;
  const bytes = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
  if (blobId(bytes, digest) !== digest) throw unreadable(client.subject, `blob ${digest} has other bytes`);
  return bytes;
};

const notFound = (subject: string, digest: string) =>
  permanent('blob-not-found', `${subject} has no blob ${digest}`, { details: { repository: subject, digest } });

const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** Runs the work on every item, a few at a time; the first failure ends it. */
const inParallel = async <Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> => {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
};

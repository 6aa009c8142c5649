import * as v from 'valibot';
import type { RefChange, RepositoryIdentity } from './event.ts';

/** JSON of a body, or undefined where it is not JSON in UTF-8. Numbers, null and lists are JSON, too. */
export const parseBody = (body: Uint8Array): { json: unknown } | undefined => {
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of a JSON object as it was sent: never an inherited one, whatever the payload's keys are. */
export const memberOf = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;

const URL_FIELDS = ['html_url', 'clone_url', 'ssh_url', 'git_url', 'web_url', 'git_http_url', 'git_ssh_url', 'url'];
const MAX_URL_LENGTH = 2_000;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= MAX_URL_LENGTH ? value : undefined;

const blockIdentity = (block: unknown, fields: readonly string[]): RepositoryIdentity => {
  const fullName = textOf(memberOf(block, 'full_name')) ?? textOf(memberOf(block, 'path_with_namespace'));
  const id = memberOf(block, 'id');
  const urls = fields.flatMap((field) => textOf(memberOf(block, field)) ?? []);
  return {
    ...(fullName ? { fullName } : {}),
    ...(typeof id === 'number' && Number.isSafeInteger(id) ? { id } : {}),
    urls: [...new Set(urls)],
  };
};

/**
 * Who a payload says it is about, as far as anything can be read out of it; never fails, for it is asked before the
 * signature is checked (to pick the secrets to check it with). GitLab: `project`, or the older `repository`, where
 * `homepage` is the web URL (GitHub's is whatever the owner wrote, so it is not read there).
 */
export const identityOf = (json: unknown): RepositoryIdentity => {
  const project = blockIdentity(memberOf(json, 'project'), URL_FIELDS);
  if (project.urls.length > 0) return project;
  const isGitLab = memberOf(json, 'object_kind') !== undefined || memberOf(json, 'event_name') !== undefined;
  return blockIdentity(memberOf(json, 'repository'), isGitLab ? [...URL_FIELDS, 'homepage'] : URL_FIELDS);
};

/** The parts that Git itself forbids in a ref name (git-check-ref-format), so that no later step meets them. */
const FORBIDDEN_IN_REF = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[/.]$/u;

/**
 * `refs/heads/…`, `refs/tags/…` or whatever else a host tells of (`refs/pull/7/head`, `refs/notes/commits`), as Git accepts
 * it, at most 1,000 characters.
 */
export const FullRef = v.pipe(
  v.string(),
  v.maxLength(1_000),
  v.regex(/^refs\/[^/.][^/]*\/[^/.]/),
  v.check((ref) => !FORBIDDEN_IN_REF.test(ref)),
);

/** An object id in either of Git's formats, or undefined for null and nothing. Zeros are kept: they say "none". */
export const ObjectId = v.pipe(
  v.nullish(v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i))),
  v.transform((id) => id?.toLowerCase()),
);

/** A branch's full ref, out of the short name that pull requests carry; checked as Git would. */
export const BranchRef = v.pipe(
  v.string(),
  v.transform((name) => `refs/heads/${name}`),
  FullRef,
);

/** An object id that has to be there and that names something. */
export const KnownId = v.pipe(
  v.string(),
  v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i),
  v.transform((id) => id.toLowerCase()),
);

interface RawChange {
  ref: string;
  before?: string | undefined;
  after?: string | undefined;
  /** The commit behind a tag, where the forge names it. */
  peeled?: string | undefined;
  created?: boolean;
  deleted?: boolean;
  forced?: boolean;
}

const isZeros = (id: string | undefined): boolean => id !== undefined && /^0+$/.test(id);

/** Puts a change together from what a forge sent: ids of zeros become flags. */
export const refChange = ({ ref, before, after, peeled, ...flags }: RawChange): RefChange => {
  const created = flags.created === true || isZeros(before);
  const deleted = flags.deleted === true || isZeros(after);
  const commit = ref.startsWith('refs/tags/') ? (peeled ?? after) : after;
  return {
    ref,
    created,
    deleted,
    forced: flags.forced === true,
    ...(before && !isZeros(before) ? { before } : {}),
    ...(after && !deleted ? { after } : {}),
    ...(commit && !deleted ? { commit } : {}),
  };
};

/** `field: what was expected`, without the value that was sent. */
export const describeIssue = (issue: v.BaseIssue<unknown>): string =>
  `${v.getDotPath(issue) ?? 'body'}: ${issue.received === 'undefined' ? 'is missing' : `expected ${issue.expected ?? 'another value'}`}`.slice(
    0,
    200,
  );

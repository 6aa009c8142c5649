import { createHash } from 'node:crypto';
import type { BaseAddress, OtherRequest, OtherTree, Trace } from './trace.ts';

/** What tells one request from another. */
export const otherKey = (request: OtherRequest): string => JSON.stringify(request);

/** Where the files of another tree stand in a bundle: a name that no file of the source has. */
export const otherPrefix = (key: string): string =>
  `.towline-${createHash('sha256').update(key).digest('hex').slice(0, 12)}/`;

/** The tree that a request came to; undefined: it is wanted now. */
export const otherTree = ({ others }: Trace, request: OtherRequest): OtherTree | undefined => {
  if (!others) return { reason: 'nothing else can be read from here' };
  const key = otherKey(request);
  const known = others.known.get(key);
  if (!known) others.wanted.set(key, request);
  return known;
};

/** Whether an entry names a file to download: the schemes that Helm and kustomize take files from. */
export const isFileURL = (entry: string): boolean => /^https?:\/\/./i.test(entry);

/** The name that the file of a URL has here: the last part of its path, as far as it is a plain one. */
export const remoteFileName = (url: string): string => {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  const name = path.slice(path.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return /^\.*$/.test(name) ? 'file' : name;
};

/** A URL as people are told of it: a query may hold a token, what is before an @ a password. */
export const shownURL = (url: string): string => url.replace(/[?#].*$/s, '').replace(/^(\w+:\/\/)[^/]*@/, '$1');

/** Asks for the file at a URL. Undefined: it is wanted now. */
export const remoteFile = (trace: Trace, url: string): OtherTree | undefined => otherTree(trace, { type: 'file', url });

const HOST_FIRST = /^(?:[a-z0-9-]+\.)+[a-z]{2,}\//i;

/**
 * Reads a kustomization's remote entry: `https://host/owner/repo//path?ref=v1`, `github.com/owner/repo/path`,
 * `git@host:owner/repo.git//path`. Undefined: it is a file to download, or no repository at all.
 * Source: kustomize, "remote targets".
 */
export const parseBase = (entry: string): Extract<OtherRequest, { type: 'base' }> | undefined => {
  const [address = '', query = ''] = entry.replace(/^git::/, '').split('?');
  const parameters = new URLSearchParams(query);
  const targetRevision = parameters.get('ref') ?? parameters.get('version') ?? undefined;
  if (/\.(?:ya?ml|json)$/.test(address)) return undefined;
  const url = HOST_FIRST.test(address) ? `https://${address}` : address;
  const candidates = cut(url);
  if (candidates.length === 0) return undefined;
  return { type: 'base', candidates, ...(targetRevision === undefined ? {} : { targetRevision }) };
};

const cut = (url: string): BaseAddress[] => {
  const [, root = '', rest = ''] = /^([a-z+]+:\/\/[^/]+\/|[\w.-]+@[\w.-]+:)(.*)$/i.exec(url) ?? [];
  if (rest === '') return [];
  const [before = '', ...after] = rest.split('//');
  if (after.length > 0) return [{ repoURL: root + before, path: after.join('/') }];
  const suffix = rest.indexOf('.git/');
  if (suffix > 0) return [{ repoURL: root + rest.slice(0, suffix + 4), path: rest.slice(suffix + 5) }];
  const parts = rest.split('/').filter(Boolean);
  // owner/repo first; groups may be nested.
  return parts.slice(1).map((_part, index) => ({
    repoURL: root + parts.slice(0, index + 2).join('/'),
    path: parts.slice(index + 2).join('/'),
  }));
};

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const FORBIDDEN = ['..', '@{', '//', '/.'];
const FORBIDDEN_CHARACTERS = new Set([' ', '~', '^', ':', '?', '*', '[', '\\', '\u007f']);

/** True for a full object id in lower case: 40 hex digits (SHA-1) or 64 (SHA-256). */
export const isObjectId = (text: string): boolean => OBJECT_ID.test(text);

/** True for the beginning of an object id, 7 digits or more: Argo CD takes such a `targetRevision` for a commit. */
export const isShortObjectId = (text: string): boolean => /^[0-9a-f]{7,63}$/.test(text) && !isObjectId(text);

const isForbidden = (character: string): boolean => character < ' ' || FORBIDDEN_CHARACTERS.has(character);

/**
 * True for `HEAD` or a full ref name (`refs/…`) that git itself would accept; anything else cannot exist on a server
 * and is never passed to git. Source: git-check-ref-format(1).
 */
export const isRefName = (ref: string): boolean =>
  ref === 'HEAD' ||
  (ref.startsWith('refs/') &&
    ref.length <= 1_024 &&
    !/[./]$/.test(ref) &&
    !ref.split('/').some((part) => part.endsWith('.lock')) &&
    !FORBIDDEN.some((text) => ref.includes(text)) &&
    !Array.from(ref).some(isForbidden));

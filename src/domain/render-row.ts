import type { Origin } from './origin.ts';
import type { Row } from './row.ts';
import type { RenderedKind } from './sync/rendered-rules.ts';

/** What is known of one render key; its id is the key. A failure is as final as a success: same key, same result. */
export interface RenderRow extends Row {
  state: 'pending' | 'done' | 'failed';
  /** SHA-256 of the pack that holds the manifests, and its name: the sync side checks it before it applies anything. */
  digest?: string;
  /** What projects judge of its objects (`kindsOf`). */
  kinds?: RenderedKind[];
  error?: { code: string; message: string; file?: string; line?: number };
  /** While it is pending: the push that it was last asked for by. */
  origin?: Origin;
  /** Seconds since the epoch, as DynamoDB's time to live wants it. */
  expiresAt: number;
}

/** Where the blob cache has the pack of one render's files; several renders' pack is named by their keys' digest. */
export const bundleKey = (name: string): string => `bundles/${name}.jsonl`;

/** Where the blob cache has the pack of manifests with this digest. */
export const manifestsKey = (digest: string): string => `manifests/${digest}.jsonl`;

/** Renders and their artifacts are kept this long after they were made (seconds); they can always be made again. */
export const RENDER_TTL_SECONDS = 30 * 86_400;

import { createHash } from 'node:crypto';
import type { AppProject } from '../fleet/project.ts';
import type { CompiledApplication } from '../fleet/snapshot.ts';
import type { Lease } from '../lease.ts';
import type { FailedDelivery } from '../rollout.ts';
import type { Row } from '../row.ts';
import type { PreviewProblem } from './preview-view.ts';

/** The pull request that is previewed (GitLab: merge request). */
export interface PreviewedRequest {
  /** Registered URL of the repository that it would be merged into. */
  repository: string;
  number: number;
  base: { ref: string };
  head: { ref: string };
  fork: boolean;
}

/** The preview of one pull request, at the commit that its branch stands at. */
export interface PreviewRow extends Row {
  request: PreviewedRequest;
  /** The head commit: statuses go there. */
  commit: string;
  state: 'rendering' | 'done' | 'closed';
  startedAt: number;
  /** Digests of the plan and of the view, in the blob cache. */
  plan?: string;
  view?: string;
  /** What the forge was told: the comment's id and digest, and the states of `commit`'s contexts. */
  told: { comment?: string; digest?: string; statuses: Record<string, string> };
  undelivered?: FailedDelivery | undefined;
  lease?: Lease;
  expiresAt: number;
}

/** An application that the request may change: its renders before and after, `null` where it is not in the fleet. */
export interface PreviewCandidate {
  application: CompiledApplication;
  /** What it was, where its document changes. */
  was?: CompiledApplication;
  before: string[] | null;
  after: string[] | null;
  error?: string;
}

/** What has to be rendered and compared for a preview. */
export interface PreviewPlan {
  candidates: PreviewCandidate[];
  unchanged: number;
  failures: PreviewProblem[];
  /** Of the fleet as the request would have it. */
  projects: AppProject[];
}

/** A preview's id, usable in a URL. */
export const previewId = (repository: string, number: number): string =>
  createHash('sha256').update(`${repository}\npull request\n${number}`).digest('hex').slice(0, 16);

/** Where the blob cache has a preview's plan or view. */
export const previewKey = (digest: string): string => `previews/${digest}.json`;

/** Kept this long after the last commit (seconds). */
export const PREVIEW_TTL_SECONDS = 30 * 86_400;

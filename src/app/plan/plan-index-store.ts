import { createHash } from 'node:crypto';
import { emptyPlanIndex, type PlanIndex } from '../../domain/plan-index.ts';
import type { PlanDeps } from './deps.ts';

/** Reads a plan index; an absent or lost one is empty, so that every application of the ref is looked at again. */
export const loadPlanIndex = async (deps: Pick<PlanDeps, 'blobs'>, key: string | undefined): Promise<PlanIndex> => {
  const bytes = key === undefined ? undefined : await deps.blobs.get(key);
  return bytes ? (JSON.parse(Buffer.from(bytes).toString()) as PlanIndex) : emptyPlanIndex('');
};

/** Stores a plan index under its digest and answers with the key. */
export const storePlanIndex = async (deps: Pick<PlanDeps, 'blobs'>, index: PlanIndex): Promise<string> => {
  const bytes = Buffer.from(JSON.stringify(index));
  const key = `indexes/${createHash('sha256').update(bytes).digest('hex')}.json`;
  await deps.blobs.put(key, bytes);
  return key;
};

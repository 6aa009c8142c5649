import type { Move, Run } from './run.ts';

export const deletionStage = (_run: Run): Move | undefined => undefined;

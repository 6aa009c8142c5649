import type { Cause } from '../domain/change.ts';
import type { OutcomePhase } from '../domain/rollout.ts';

/**
 * What happens on the way from a push to a healthy fleet, for those who watch: the terminal, `--json` scripts and, in
 * AWS, one log line each. Times are in milliseconds since the epoch.
 */
export type TowlineEvent =
  | { event: 'change'; at: number; repository: string; ref: string; commit?: string; cause: Cause; delivery?: string }
  | {
      event: 'rollout';
      at: number;
      rollout: string;
      repository: string;
      ref: string;
      commit: string;
      state: 'pending' | 'running' | 'success' | 'failure' | 'canceled';
      /** With state `pending`: the delivery that asked for it, where a webhook did. What follows names the rollout. */
      delivery?: string;
      /** With state `running` right after planning: what is affected, and why. */
      applications?: { application: string; environment: string; cluster: string; reason: string }[];
      problems?: string[];
    }
  | {
      event: 'render';
      at: number;
      renderKey: string;
      ok: boolean;
      milliseconds: number;
      tool: string;
      message?: string;
    }
  | {
      event: 'application';
      at: number;
      rollout: string;
      application: string;
      environment: string;
      cluster: string;
      phase: OutcomePhase;
      health: string;
      sync: string;
      /** When the cluster took the last object of this generation. */
      appliedAt?: number;
      /** When the push that it comes of was seen; absent: it comes of none. */
      seenAt?: number;
      /** When this generation was planned. */
      plannedAt?: number;
      message?: string;
    }
  | {
      event: 'status';
      at: number;
      repository: string;
      commit: string;
      context: string;
      state: string;
      description: string;
      rollout: string;
    };

/** Takes note of an event; never fails, never waits. */
export interface Events {
  emit(event: TowlineEvent): void;
}

import type { TowlineEvent } from '../ports/events.ts';

/** What a script or a person needs to know when the stack serves. URLs are absolute. */
export interface Ready {
  url: string;
  webhooks: { github: string; gitlab: string; slack: string };
  /** File with a context per embedded cluster. */
  kubeconfig: string;
  contexts?: string[];
  gitURL?: string;
}

/** Where the local stack says what happens: lines for people, or JSON lines for scripts. */
export interface Printer {
  ready(ready: Ready): void;
  emit(event: TowlineEvent): void;
  note(text: string): void;
  stopping(): void;
}

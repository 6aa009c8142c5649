import type { ApplicationRow } from '../../domain/application-row.ts';
import type { RenderRow } from '../../domain/render-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { ApplicationIndex } from '../../ports/application-index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Events } from '../../ports/events.ts';
import type { Outcomes } from '../../ports/outcomes.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';

/** What carrying out a person's request needs of the world. */
export interface ControlDeps {
  applications: Store<ApplicationRow>;
  applicationIndex: ApplicationIndex;
  rollouts: Store<Rollout>;
  outcomes: Outcomes;
  renders: Pick<Store<RenderRow>, 'getMany'>;
  queues: Pick<Queues, 'changes' | 'syncs' | 'reports'>;
  events: Events;
  clock: Clock;
}

import { AppError } from '../../domain/errors.ts';
import { chatRefusal } from '../../domain/fleet/chat-roles.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { ActionMessage, NoticeMessage } from '../../messages/action.ts';
import type { Log } from '../../ports/log.ts';
import type { Send } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';
import { loadFleet } from '../load-fleet.ts';
import { createControl } from './control.ts';
import type { ControlDeps } from './deps.ts';

export interface CarryOutDeps extends Omit<ControlDeps, 'queues'> {
  fleets: Store<FleetRow>;
  queues: ControlDeps['queues'] & { reports: Send<NoticeMessage> };
  log: Log;
}

/**
 * Does what a person asked for in the chat, where the fleet file gives them the role for it, through the same code as the
 * API; and has them told what became of it. A message that comes twice, or of a button that is out of date, does nothing.
 * Errors: those of stores and queues.
 */
export const carryOutAction =
  (deps: CarryOutDeps) =>
  async (asked: ActionMessage): Promise<void> => {
    const { user, channel, action, rollout } = asked;
    const [{ file }, known] = await Promise.all([loadFleet(deps), deps.rollouts.get(rollout)]);
    const projects = known?.applications.map(({ project = '' }) => project) ?? [];
    const refusal = chatRefusal(file.slack?.roles, user, projects);
    const text = refusal ?? (await carryOut(deps, asked));
    deps.log.info('asked in the chat', { user, refused: refusal !== undefined, action, rollout, answer: text });
    await deps.queues.reports([{ version: 1, notice: { channel, user, text } }]);
  };

const carryOut = async (deps: CarryOutDeps, { action, rollout, attempt }: ActionMessage): Promise<string> => {
  const control = createControl(deps);
  try {
    const known = await deps.rollouts.get(rollout);
    if (known && known.attempt !== attempt) return 'That was asked for already: the rollout has moved on.';
    if (action === 'retry') {
      const { applications } = await control.retryRollout(rollout);
      return `Started again: ${listed(applications)}.`;
    }
    const { applications } = await control.rollBackRollout(rollout);
    return `Rolling back, until Git moves or somebody resumes: ${listed(applications)}.`;
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'rejected') throw error;
    return `Not done: ${error.message}.`;
  }
};

const NAMED_AT_MOST = 5;

const listed = (applications: readonly string[]): string => {
  const more = applications.length - NAMED_AT_MOST;
  return `${applications.slice(0, NAMED_AT_MOST).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

import type { Deployments, DeploymentUpdate, NewDeployment } from '../../src/ports/deployments.ts';

export type OpenedDeployment = Omit<NewDeployment, 'repository'> & { id: number; updates: DeploymentUpdate[] };

/** What a forge in memory answers with: `fail` before it does what it was asked, `lose` after. */
export interface Failing {
  fail?: () => Error | undefined;
  lose?: () => Error | undefined;
}

/** `Deployments` in memory: every deployment with what it was told, in order. */
export const createMemoryDeployments = (opened: OpenedDeployment[] = [], { fail, lose }: Failing = {}): Deployments => {
  const guarded = async <Result>(act: () => Result): Promise<Result> => {
    const error = fail?.();
    if (error) throw error;
    return act();
  };
  const written = <Result>(result: Result): Result => {
    const lost = lose?.();
    if (lost) throw lost;
    return result;
  };
  return {
    open: ({ repository: _repository, ...deployment }) =>
      guarded(() => {
        const known = opened.find(({ key }) => key === deployment.key);
        if (known) return { id: known.id, isNew: false };
        const id = opened.length + 1;
        opened.push({ ...deployment, id, updates: [] });
        return written({ id, isNew: true });
      }),
    stateOf: (_repository, id) => guarded(() => opened.find((one) => one.id === id)?.updates.at(-1)?.state),
    update: (_repository, id, update) =>
      guarded(() => written(void opened.find((one) => one.id === id)?.updates.push(update))),
  };
};

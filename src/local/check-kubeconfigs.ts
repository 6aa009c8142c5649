import { kubeconfigAccess } from '../adapters/kubernetes/kubeconfig.ts';
import { AppError } from '../domain/errors.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { Problem } from '../domain/problem.ts';
import type { Path } from '../domain/yaml-document.ts';
import { readLocalFile } from './read-local-file.ts';

/**
 * Reads the kubeconfigs that a fleet file names, without asking a cluster or running a command. Answers with a problem for
 * each that is not there, is none, or lacks the context.
 */
export const checkKubeconfigs = async (
  { clusters }: Pick<FleetFile, 'clusters'>,
  problem: (path: Path, message: string) => Problem,
): Promise<Problem[]> => {
  const run = () => Promise.resolve({ code: undefined, stdout: '', stderr: '' });
  const access = kubeconfigAccess({ readFile: readLocalFile, clock: Date.now, run });
  const checked = clusters.map(async (cluster, index) => {
    if (cluster.access.type !== 'kubeconfig') return [];
    try {
      await access(cluster.access);
      return [];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'kubeconfig-exec-failed') return [];
      return [problem(['spec', 'clusters', index, 'kubeconfig'], error.message)];
    }
  });
  return (await Promise.all(checked)).flat();
};

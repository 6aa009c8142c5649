import { isInCluster } from '../../domain/fleet/find-cluster.ts';
import { readFleetFile } from '../../domain/fleet/read-fleet-files.ts';
import type { CompiledApplication } from '../../domain/fleet/snapshot.ts';
import { formatProblem } from '../../domain/problem.ts';
import type { InspectedSource } from '../../domain/sources/inspection.ts';
import type { CommitTree } from './tree-reader.ts';

const MANIFEST = /\.(ya?ml|json)$/;

/**
 * What is wrong with Argo CD's kinds among the plain manifests of an application that delivers to the control plane, with
 * file and line: its sync would be refused for it, and could name the object alone. Undefined: nothing that files tell.
 */
export const deliveryFault = async (
  { destination }: Pick<CompiledApplication, 'destination'>,
  { render, files }: InspectedSource,
  from: Pick<CommitTree, 'files'>,
): Promise<{ code: string; message: string } | undefined> => {
  if (render.tool !== 'directory' || !isInCluster(destination)) return undefined;
  const paths = files.flatMap(({ path, ref }) => (ref === undefined && MANIFEST.test(path) ? [path] : []));
  const texts = await from.files.readText(paths);
  for (const path of paths.toSorted()) {
    const { broken, unread, problems } = readFleetFile(path, texts.get(path) ?? '');
    // What is no YAML the render says, and settings go to the cluster.
    if (unread || broken.every((id) => id.startsWith('ConfigMap '))) continue;
    const problem = problems.find(({ severity }) => severity === 'error');
    if (problem) return { code: problem.code, message: formatProblem(problem) };
  }
  return undefined;
};

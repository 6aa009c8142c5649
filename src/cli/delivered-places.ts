import type { CompiledApplication } from '../domain/fleet/snapshot.ts';
import type { Problem } from '../domain/problem.ts';
import { registeredPrefix } from '../domain/registry/registration-row.ts';
import type { DeliveredDocument, Delivery } from './deliveries.ts';

type Place = Pick<DeliveredDocument, 'path' | 'written'>;

/** What applications delivered, by the path that it has among the fleet's documents. */
export const deliveredPlaces = (delivered: ReadonlyMap<string, Delivery>): ReadonlyMap<string, Place> =>
  new Map(
    [...delivered.values()].flatMap(({ documents, refused }) =>
      [...documents, ...refused].map((one): [string, Place] => [one.path, one]),
    ),
  );

/**
 * A problem with a delivered document where somebody wrote it, as far as that can be told, with what is wrong and who
 * delivers it: `apps/web.yaml:7: spec.source.path: … (Application argocd/web, delivered by argocd/root)`.
 */
export const placeProblem = (problem: Problem, places: ReadonlyMap<string, Place>): Problem => {
  const place = places.get(problem.file);
  if (!place) return problem;
  const { file, lineOf } = place.written;
  const { column: _column, ...rest } = problem;
  const [parent, what] = place.path.split(registeredPrefix(''), 2);
  return {
    ...rest,
    file,
    line: lineOf(problem.field),
    message: `${problem.message} (${what}, delivered by ${parent})`,
  };
};

/** What is wrong with how applications deliver: objects that are refused, sources that cannot be rendered. */
export const deliveryProblems = (
  delivered: ReadonlyMap<string, Delivery>,
  applications: readonly Pick<CompiledApplication, 'id' | 'origin'>[],
): Problem[] => {
  const origins = new Map(applications.map(({ id, origin }) => [id, origin]));
  return [...delivered].flatMap(([id, { refused, error }]) => {
    const found = refused.map(
      ({ path, reason }): Problem => ({
        severity: 'error',
        code: 'delivery-refused',
        file: path,
        line: 1,
        field: 'metadata.namespace',
        message: reason,
      }),
    );
    const origin = origins.get(id);
    if (!error || !origin || isUnread(error)) return found;
    const { file, line } = origin;
    const message = `what ${id} delivers cannot be told: ${error.message}`;
    return [...found, { severity: 'error', code: 'delivery-unread', file, line, field: '', message }];
  });
};

/** Nobody's mistake: what is of elsewhere is not at hand here, and no tool is installed. */
export const isUnread = ({ code }: { code: string }): boolean =>
  ['repository-unregistered', 'revision-missing', 'tool-missing', 'cluster-facts-missing'].includes(code) ||
  code.startsWith('chart-') ||
  code.startsWith('remote-base');

import type { ApplicationRow } from '../../domain/application-row.ts';
import { type AppError, rejected } from '../../domain/errors.ts';
import { updateRow } from '../update-row.ts';
import type { ControlDeps } from './deps.ts';

/** No such row: AppError `application-unknown` (rejected). */
export const unknownApplication = (id: string): AppError =>
  rejected('application-unknown', `there is no application ${id}: give NAMESPACE/NAME as it is registered`);

/**
 * Lets `change` decide on an application's next row and writes it. Errors: AppError `application-unknown` (rejected), what
 * `change` throws, and those of `updateRow`.
 */
export const changeApplication = async (
  { applications }: Pick<ControlDeps, 'applications'>,
  id: string,
  change: (row: ApplicationRow) => ApplicationRow,
): Promise<ApplicationRow> => {
  const saved = await updateRow(applications, id, (row) => {
    if (!row) throw unknownApplication(id);
    return change(row);
  });
  if (!saved) throw unknownApplication(id);
  return saved;
};

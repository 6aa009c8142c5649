import { AppError } from '../domain/errors.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { Secrets } from '../ports/secrets.ts';

/**
 * What is to be said at the start of secrets that the fleet file names, webhook secrets aside: one line for each that is
 * missing or empty, with what it is for.
 */
export const doubtfulSecrets = async (fleet: FleetFile, secrets: Secrets): Promise<string[]> => {
  const named = [
    ...[...fleet.repositories, ...(fleet.chartRepositories ?? [])].map(({ url, credentials }) => [credentials, url]),
    ...(fleet.plugins ?? []).map(({ name, credentials }) => [credentials, `plugin ${name}`]),
    [fleet.slack?.credentials, 'Slack'],
    [fleet.slack?.signingSecret, "Slack's buttons"],
  ];
  const purposes = new Map<string, string[]>();
  for (const [name, purpose = ''] of named) {
    if (name !== undefined) purposes.set(name, [...(purposes.get(name) ?? []), purpose]);
  }
  const told = [...purposes].map(async ([name, uses]) => {
    const problem = await problemOf(secrets, name);
    return problem === undefined ? [] : [`${problem}; it is for ${uses.join(', ')}`];
  });
  return (await Promise.all(told)).flat();
};

const problemOf = async (secrets: Secrets, name: string): Promise<string | undefined> => {
  try {
    return (await secrets.read(name)).trim() === '' ? `secret ${name} is empty` : undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.message;
  }
};

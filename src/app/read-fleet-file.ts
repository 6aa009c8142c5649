import * as v from 'valibot';
import { permanent } from '../domain/errors.ts';
import { parseFleetFile } from '../domain/fleet/parse-fleet-file.ts';
import { FLEET_ID, type FleetRow, withFleetFile } from '../domain/fleet-row.ts';
import { formatProblem } from '../domain/problem.ts';
import type { Log } from '../ports/log.ts';
import type { OpenRepository } from '../ports/repository.ts';
import type { Store } from '../ports/store.ts';
import { updateRow } from './update-row.ts';

/** Where a deployed stack's fleet file is: the setting `TOWLINE_FLEET`, as JSON. */
const LocationSchema = v.object({
  repository: v.pipe(v.string(), v.url()),
  ref: v.optional(v.pipe(v.string(), v.startsWith('refs/')), 'refs/heads/main'),
  path: v.optional(v.string(), 'fleet.yaml'),
  forge: v.optional(v.picklist(['github', 'gitlab']), 'github'),
  apiURL: v.optional(v.pipe(v.string(), v.url())),
  credentials: v.optional(v.string()),
});

export interface ReadFleetDeps {
  fleets: Store<FleetRow>;
  openRepository: OpenRepository;
  log: Log;
}

/**
 * Reads the fleet file from Git where it has moved and makes it the live one. A file that is wrong is logged with every
 * problem's line, and the one before stays live. Without a location (local mode) it does nothing.
 * Errors: AppError `fleet-location-invalid`, `fleet-file-missing` (permanent), and the repository's.
 */
export const readFleetFile =
  (deps: ReadFleetDeps) =>
  async (location: string | undefined): Promise<void> => {
    if (location === undefined || location === '') return;
    const { repository, ref, path, forge, apiURL, credentials } = parseLocation(location);
    const config = {
      url: repository,
      forge,
      apiURL: apiURL ?? DEFAULT_API[forge],
      ...(credentials ? { credentials } : {}),
    };
    const source = deps.openRepository(config);
    const commit = await source.resolve(ref);
    const entry = commit === undefined ? undefined : (await source.listTree(commit)).entries.get(path);
    if (!entry)
      throw permanent('fleet-file-missing', `there is no ${path} at ${ref} of ${repository}: see TOWLINE_FLEET`);
    const known = await deps.fleets.get(FLEET_ID);
    if (known?.fileDigest === entry.digest) return;
    const bytes = (await source.readBlobs([entry.digest])).get(entry.digest) ?? new Uint8Array();
    await makeLive(deps, Buffer.from(bytes).toString('utf8'), { path, digest: entry.digest });
  };

const DEFAULT_API = { github: 'https://api.github.com', gitlab: 'https://gitlab.com/api/v4' } as const;

const parseLocation = (location: string): v.InferOutput<typeof LocationSchema> => {
  try {
    return v.parse(LocationSchema, JSON.parse(location));
  } catch (error) {
    const example = '{"repository":"https://github.com/acme/fleet","ref":"refs/heads/main","path":"fleet.yaml"}';
    throw permanent('fleet-location-invalid', `TOWLINE_FLEET must be JSON like ${example}`, { cause: error });
  }
};

const makeLive = async (deps: ReadFleetDeps, text: string, at: { path: string; digest: string }): Promise<void> => {
  const parsed = parseFleetFile(text, { file: at.path, local: false });
  if (!parsed.ok) {
    deps.log.error('fleet file refused, the one before stays', { problems: parsed.problems.map(formatProblem) });
    return;
  }
  await updateRow(
    deps.fleets,
    FLEET_ID,
    (known): FleetRow => ({ ...withFleetFile(known, parsed.fleet), fileDigest: at.digest }),
  );
};

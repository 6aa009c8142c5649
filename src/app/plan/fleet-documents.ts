import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import { withoutFoundRepositories } from '../../domain/fleet/found-repositories.ts';
import { type FleetDocument, filesToRead } from '../../domain/fleet/read-fleet-files.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { directoryDigest } from '../../domain/sources/source-tree.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import type { Tree } from '../../ports/repository.ts';
import type { CommitTree, TreeReader } from './tree-reader.ts';

/** The files below the fleet's path that may define something, at one commit. */
export interface FleetDocuments {
  /** Where the fleet's source stands. */
  source: { repository: string; ref: string };
  commit: string;
  /** Digest of the fleet file and of the directory as a whole: as long as it is the same, so is `inputs`. */
  directory: string;
  /** Digest of the fleet file and of everything that these files hold. */
  inputs(): string;
  files(): readonly Pick<FleetDocument, 'path' | 'digest'>[];
  readBlobs: CommitTree['readBlobs'];
}

const MANIFEST = /\.(ya?ml|json)$/;

/** The fleet's documents where its source stands now, listed when they are asked for. Errors: those of the tree reader. */
export const fleetDocuments = async (trees: TreeReader, file: FleetFile): Promise<FleetDocuments> => {
  const { tree, commit, repository, ref, readBlobs } = await trees.at(file.source);
  const root = directoryPrefix(file);
  // What is found in the documents follows from them.
  const written = withoutFoundRepositories(file);
  let listed: { path: string; digest: string }[] | undefined;
  const files = () => {
    listed ??= listFiles(tree, root);
    return listed;
  };
  return {
    source: { repository, ref },
    commit,
    directory: stableDigest([written, directoryDigest(tree, root.replace(/\/$/, '')) ?? null]),
    inputs: () => stableDigest([written, files().map(({ path, digest }) => `${path}\n${digest}`)]),
    files,
    readBlobs,
  };
};

const listFiles = ({ entries }: Tree, root: string): { path: string; digest: string }[] => {
  const files = [...entries.values()].filter(
    ({ path, mode }) => path.startsWith(root) && MANIFEST.test(path) && (mode === 'file' || mode === 'executable'),
  );
  return files.map(({ path, digest }) => ({ path, digest }));
};

const directoryPrefix = ({ source }: FleetFile): string => {
  const path = source.path.replace(/^\.?\/+|\/+$/g, '');
  return path === '' || path === '.' ? '' : `${path}/`;
};

/** The documents with the text of those that are not known from the snapshot before. */
export const readDocuments = async (
  { files: list, readBlobs }: FleetDocuments,
  previous: FleetSnapshot | undefined,
): Promise<FleetDocument[]> => {
  const files = list();
  const wanted = new Set(filesToRead(files, previous));
  const blobs = await readBlobs(files.flatMap(({ path, digest }) => (wanted.has(path) ? [digest] : [])));
  return files.map((file) => {
    if (!wanted.has(file.path)) return file;
    return { ...file, text: Buffer.from(blobs.get(file.digest) ?? new Uint8Array()).toString('utf8') };
  });
};

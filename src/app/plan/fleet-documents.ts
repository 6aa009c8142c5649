import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import { type FleetDocument, filesToRead } from '../../domain/fleet/read-fleet-files.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import type { CommitTree, TreeReader } from './tree-reader.ts';

/** The files below the fleet's path that may define something, at one commit. */
export interface FleetDocuments {
  commit: string;
  /** Digest of the fleet file and of everything that these files hold. */
  inputs: string;
  files: readonly Pick<FleetDocument, 'path' | 'digest'>[];
  readBlobs: CommitTree['readBlobs'];
}

const MANIFEST = /\.(ya?ml|json)$/;

/** Lists the fleet's documents where its source stands now. Errors: those of the tree reader. */
export const fleetDocuments = async (trees: TreeReader, file: FleetFile): Promise<FleetDocuments> => {
  const { tree, commit, readBlobs } = await trees.at(file.source);
  const root = directoryPrefix(file);
  const files = [...tree.entries.values()].filter(
    ({ path, mode }) => path.startsWith(root) && MANIFEST.test(path) && (mode === 'file' || mode === 'executable'),
  );
  const inputs = stableDigest([file, files.map(({ path, digest }) => `${path}\n${digest}`)]);
  return { commit, inputs, files: files.map(({ path, digest }) => ({ path, digest })), readBlobs };
};

const directoryPrefix = ({ source }: FleetFile): string => {
  const path = source.path.replace(/^\.?\/+|\/+$/g, '');
  return path === '' || path === '.' ? '' : `${path}/`;
};

/** The documents with the text of those that are not known from the snapshot before. */
export const readDocuments = async (
  { files, readBlobs }: FleetDocuments,
  previous: FleetSnapshot | undefined,
): Promise<FleetDocument[]> => {
  const wanted = new Set(filesToRead(files, previous));
  const blobs = await readBlobs(files.flatMap(({ path, digest }) => (wanted.has(path) ? [digest] : [])));
  return files.map((file) => {
    if (!wanted.has(file.path)) return file;
    return { ...file, text: Buffer.from(blobs.get(file.digest) ?? new Uint8Array()).toString('utf8') };
  });
};

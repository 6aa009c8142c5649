import { trackedName } from '../sync/tracking.ts';
import type { DirectoryRequest } from './bundle.ts';
import { type FileSelection, isManifest, selectEntries } from './file-selection.ts';
import type { SourceContext } from './source-context.ts';
import { directoryDigest } from './source-tree.ts';
import { fail, locate, note, putFile } from './trace.ts';

/** Bytes that one file may have, and all manifests of one source together, where the tree tells sizes. */
const SIZE_LIMITS = { file: 10_485_760, total: 52_428_800 };

/**
 * Finds the manifests of a Directory source: Argo CD's `recurse`, `include`, `exclude`, and names. Nothing needs to be
 * read but symbolic links. Errors: `jsonnet-unsupported`, `symlink-refused`, `source-too-large`.
 */
export const inspectDirectory = (context: SourceContext, directory: string): DirectoryRequest => {
  const { trace, source, application } = context;
  const options = source.directory ?? {};
  const selection = {
    directory,
    select: 'manifests',
    application: trackedName(application),
    recurse: options.recurse ?? false,
    ...(options.include ? { include: options.include } : {}),
    ...(options.exclude ? { exclude: options.exclude } : {}),
  } satisfies FileSelection;
  const entries = selectEntries(trace.tree, selection);
  const matches = Object.fromEntries(entries.map(({ name, entry }) => [name, entry.digest]));
  note(trace, ['files', selection, directoryDigest(trace.tree, directory) ?? null, matches]);
  const manifests = entries
    .filter(({ name }) => isManifest(selection, name))
    .flatMap(({ entry }) => (takeManifest(context, entry.path) ? [entry.path] : []));
  checkTotal(context, manifests);
  return { tool: 'directory', path: directory, manifests };
};

const takeManifest = (context: SourceContext, path: string): boolean => {
  const { trace, warnings } = context;
  const found = locate(trace, path);
  if (found === 'unread') return false;
  if (found === 'absent' || found.mode === 'directory') {
    warnings.push({
      code: 'symlink-ignored',
      message: `${path}: the link leads to no file, it was left out`,
      file: path,
    });
    return false;
  }
  if (path.endsWith('.jsonnet')) {
    if (context.disabled.includes('jsonnet')) return false;
    const remedy = 'Jsonnet is not supported yet: render it to YAML, or exclude it (directory.exclude)';
    throw fail('jsonnet-unsupported', `${path}: ${remedy}`, { file: path });
  }
  if ((found.size ?? 0) > SIZE_LIMITS.file) {
    throw fail('source-too-large', `${path} has ${found.size} bytes, ${SIZE_LIMITS.file} are allowed`, { file: path });
  }
  if (found.path !== path) note(trace, ['file', found.path, found.digest]);
  putFile(trace, path, found.digest);
  return true;
};

const checkTotal = ({ trace, source }: SourceContext, manifests: readonly string[]): void => {
  const total = manifests.reduce((sum, manifest) => sum + (trace.tree.entries.get(manifest)?.size ?? 0), 0);
  if (total <= SIZE_LIMITS.total) return;
  throw fail(
    'source-too-large',
    `the manifests in ${source.path} have ${total} bytes, ${SIZE_LIMITS.total} are allowed`,
  );
};

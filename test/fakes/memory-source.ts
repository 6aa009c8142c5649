import { createHash } from 'node:crypto';
import { type InspectInput, inspectSource, type RefSource } from '../../src/app/inspect-source.ts';
import type { ApplicationSource } from '../../src/domain/fleet/application.ts';
import type { FailedSource, InspectedSource, Inspection } from '../../src/domain/sources/inspection.ts';
import type { SourceEntry, SourceTree } from '../../src/domain/sources/source-tree.ts';

/** Text by path; `{link}` is a symbolic link, `{script}` an executable file, `{bytes}` anything else, `{submodule}` a submodule. */
export type MemoryFiles = Record<
  string,
  string | { link: string } | { script: string } | { bytes: Uint8Array } | { submodule: string }
>;

export interface MemorySource {
  tree: SourceTree;
  contents: Map<string, Uint8Array>;
  files: RefSource['files'];
  /** Paths that were asked for, one list a call. */
  reads: string[][];
}

const sha1 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const entryOf = (path: string, file: MemoryFiles[string]): { entry: SourceEntry; bytes: Uint8Array } => {
  if (typeof file !== 'string' && 'submodule' in file) {
    return { entry: { path, mode: 'submodule', digest: file.submodule }, bytes: new Uint8Array() };
  }
  if (typeof file !== 'string' && 'script' in file) {
    const bytes = Buffer.from(file.script);
    return { entry: { path, mode: 'executable', digest: sha1('blob', bytes), size: bytes.length }, bytes };
  }
  const isLink = typeof file !== 'string' && 'link' in file;
  const bytes = typeof file === 'string' ? Buffer.from(file) : isLink ? Buffer.from(file.link) : file.bytes;
  return { entry: { path, mode: isLink ? 'symlink' : 'file', digest: sha1('blob', bytes), size: bytes.length }, bytes };
};

/** A commit's tree in memory: digests change exactly with content, of directories too. */
export const memorySource = (files: MemoryFiles, commit = 'c'.repeat(40)): MemorySource => {
  const entries = new Map<string, SourceEntry>();
  const contents = new Map<string, Uint8Array>();
  const inside = new Map<string, string[]>([['', []]]);
  for (const path of Object.keys(files).toSorted()) {
    const { entry, bytes } = entryOf(path, files[path] ?? '');
    entries.set(path, entry);
    contents.set(entry.digest, bytes);
    for (let at = path; at !== ''; ) {
      at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '';
      inside.set(at, [...(inside.get(at) ?? []), `${path} ${entry.mode} ${entry.digest}`]);
    }
  }
  for (const [path, lines] of inside) {
    if (path !== '') entries.set(path, { path, mode: 'directory', digest: sha1('tree', lines.join('\n')) });
  }
  const reads: string[][] = [];
  return {
    tree: { commit, digest: sha1('tree', (inside.get('') ?? []).join('\n')), entries },
    contents,
    reads,
    files: {
      readText: (paths) => {
        reads.push([...paths]);
        const texts = paths.flatMap((path) => {
          const bytes = contents.get(entries.get(path)?.digest ?? '');
          return bytes ? [[path, Buffer.from(bytes).toString('utf8')] as const] : [];
        });
        return Promise.resolve(new Map(texts));
      },
    },
  };
};

/** Inspects one source of an application `web` in namespace `shop`. */
export const inspect = (
  { tree, files }: MemorySource,
  source: Partial<ApplicationSource>,
  more: Partial<InspectInput> = {},
): Promise<Inspection> =>
  inspectSource({ files })({
    source: { repoURL: 'https://git.example/fleet', ...source },
    application: { name: 'web', namespace: 'argocd', project: 'default', destinationNamespace: 'shop' },
    tree,
    revision: tree.commit,
    refSources: new Map(),
    ...more,
  });

/** The inspection of a source that has to be right. */
export const inspected = (inspection: Inspection): InspectedSource => {
  if (inspection.ok) return inspection;
  throw new Error(`${inspection.error.code}: ${inspection.error.message}`);
};

/** The inspection of a source that has to be wrong. */
export const failure = (inspection: Inspection): FailedSource => {
  if (!inspection.ok) return inspection;
  throw new Error(`inspected as ${inspection.type}`);
};

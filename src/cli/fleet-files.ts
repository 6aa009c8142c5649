import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { parseFleetFile } from '../domain/fleet/parse-fleet-file.ts';
import type { FleetDocument } from '../domain/fleet/read-fleet-files.ts';
import { isRecord } from '../domain/health/fields.ts';
import { KUSTOMIZATION_NAMES } from '../domain/sources/file-selection.ts';
import { mappingsOf, textsOf } from '../domain/sources/kustomization.ts';
import { joinPath } from '../domain/sources/trace.ts';
import { readYaml } from '../domain/sources/yaml-documents.ts';
import type { Repository, Tree, TreeEntry } from '../ports/repository.ts';

/** A file with documents of Argo CD or of Towline in it. */
export type FleetText = FleetDocument & { text: string };

const MANIFEST = /\.(ya?ml|json)$/;
/** The group may be misspelt. */
const MENTION = /\bargo\w*\.io\/|towline\.dev\/|\bargocd-cm\b/;

/** A repository whose blobs are read once each. */
export const readBlobsOnce = (repository: Pick<Repository, 'readBlobs'>): Pick<Repository, 'readBlobs'> => {
  const known = new Map<string, Uint8Array>();
  return {
    readBlobs: async (digests) => {
      const missing = digests.filter((digest) => !known.has(digest));
      for (const [digest, bytes] of await repository.readBlobs(missing)) known.set(digest, bytes);
      return new Map(digests.flatMap((digest) => mapped(digest, known.get(digest))));
    },
  };
};

const mapped = (digest: string, bytes: Uint8Array | undefined): [string, Uint8Array][] =>
  bytes ? [[digest, bytes]] : [];

const KINDS = /\b(?:Application|ApplicationSet|AppProject)\b/;

/** Whether a file, or a template of one, may come to hold an Application, ApplicationSet or AppProject. */
export const mentionsFleetKinds = (text: string): boolean => text.includes('argoproj.io/') && KINDS.test(text);

/**
 * The files of a tree (below `prefix`, '' or ending in a slash) that hold documents of Argo CD or of Towline, by path.
 * Left out: templates of charts, which are no YAML yet, and what a kustomization patches with, which is no whole document.
 */
export const readFleetTexts = async (
  repository: Pick<Repository, 'readBlobs'>,
  { entries }: Pick<Tree, 'entries'>,
  prefix = '',
): Promise<FleetText[]> => {
  const candidates = [...entries.values()].filter(
    (entry) => entry.path.startsWith(prefix) && isManifest(entry) && !isTemplate(entry.path, entries),
  );
  const blobs = await repository.readBlobs(candidates.map(({ digest }) => digest));
  const texts = candidates.map(({ path, digest }) => ({
    path,
    digest,
    text: Buffer.from(blobs.get(digest) ?? []).toString('utf8'),
  }));
  const patches = new Set(texts.filter(({ path }) => isKustomization(path)).flatMap(patchesOf));
  return texts
    .filter(({ path, text }) => MENTION.test(text) && !isKustomization(path) && !patches.has(path))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
};

const isManifest = ({ path, mode }: TreeEntry): boolean =>
  (mode === 'file' || mode === 'executable') && MANIFEST.test(path);

const isTemplate = (path: string, entries: Tree['entries']): boolean => {
  const parts = path.split('/');
  return parts.some((part, at) => part === 'templates' && entries.has([...parts.slice(0, at), 'Chart.yaml'].join('/')));
};

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const isKustomization = (path: string): boolean => KUSTOMIZATION_NAMES.some((name) => name === nameOf(path));

/** The files that a kustomization patches with; one that cannot be read names none. */
const patchesOf = ({ path, text }: FleetText): string[] => {
  const directory = path.slice(0, -nameOf(path).length).replace(/\/$/, '');
  return readYaml(text, { duplicates: 'last' }).documents.flatMap(({ value }) => {
    if (!isRecord(value)) return [];
    const { patches, patchesJson6902, patchesStrategicMerge } = value;
    const named = [...mappingsOf(patches), ...mappingsOf(patchesJson6902)].flatMap((patch) => textsOf(patch['path']));
    return [...named, ...textsOf(patchesStrategicMerge)].flatMap((one) => joinPath(directory, one) ?? []);
  });
};

/** Whether a file is a fleet file: `kind: Fleet` of `towline.dev`. */
export const isFleetFile = ({ text }: Pick<FleetText, 'text'>): boolean =>
  text.includes('towline.dev/') &&
  readYaml(text, { duplicates: 'last' }).documents.some(
    ({ value }) =>
      isRecord(value) && value['kind'] === 'Fleet' && String(value['apiVersion']).startsWith('towline.dev/'),
  );

/** The first fleet file among the texts that is right; undefined where there is none. */
export const findFleet = (texts: readonly FleetText[]): FleetFile | undefined => {
  for (const one of texts) {
    const parsed = isFleetFile(one) ? parseFleetFile(one.text, { file: one.path, local: true }) : undefined;
    if (parsed?.ok) return parsed.fleet;
  }
  return undefined;
};

/**
 * The texts below the fleet's source path, fleet files apart. The path begins at the repository's root, or where documents
 * are looked for (`prefix`) where the fleet's repository is kept in a folder of another one.
 */
export const documentsOf = (
  texts: readonly FleetText[],
  fleet: Pick<FleetFile, 'source'> | undefined,
  prefix = '',
): FleetText[] => {
  const path = (fleet?.source.path ?? '').replace(/^\.?\/+|\/+$/g, '');
  const folder = path === '' || path === '.' ? '' : `${path}/`;
  const below = (start: string) => texts.filter((one) => one.path.startsWith(start) && !isFleetFile(one));
  const found = below(folder);
  return found.length > 0 ? found : below(`${prefix}${folder}`);
};

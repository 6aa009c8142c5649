import { isRecord, textAt } from '../domain/health/fields.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import type { Bundle } from '../domain/sources/bundle.ts';
import { KUSTOMIZATION_NAMES } from '../domain/sources/file-selection.ts';
import { textOf } from '../domain/sources/manifest-text.ts';
import { type Path, readYaml, type YamlDocument } from '../domain/yaml-document.ts';

/** The file, relative to its repository's root, that somebody wrote a rendered object in. */
export interface Written {
  file: string;
  /** The line of a field there, or of what is nearest above it; of a template only where there can be no doubt. */
  lineOf(field: string): number;
}

/**
 * Where a rendered object was written: the template that helm names (`chart/templates/a.yaml`), the only file of the bundle
 * with a document of its kind and name (or what a kustomization may have made the name from), else the kustomization.
 */
export const findWritten = (bundle: Bundle, object: KubernetesObject, template?: string): Written => {
  const { path, tool } = bundle.render;
  if (template !== undefined) return inTemplate(bundle, path, template);
  for (const isNamed of tool === 'kustomize' ? [isSame, isPart] : [isSame]) {
    const found = Object.keys(bundle.files).flatMap((file) => inDocuments(bundle, file, { object, isNamed }));
    if (found[0] && found.length === 1) return found[0];
  }
  const own = KUSTOMIZATION_NAMES.map((name) => joined(path, name)).find((file) => file in bundle.files);
  return { file: own ?? path, lineOf: () => 1 };
};

type IsNamed = (written: string, rendered: string) => boolean;

const isSame: IsNamed = (written, rendered) => written === rendered;

/** With a prefix or suffix. */
const isPart: IsNamed = (written, rendered) => written !== '' && rendered.includes(written);

const joined = (directory: string, name: string): string =>
  directory === '' || directory === '.' ? name : `${directory}/${name}`;

const contentOf = ({ files }: Bundle, file: string): string => {
  const content = files[file];
  return content ? textOf(content) : '';
};

const inTemplate = (bundle: Bundle, directory: string, template: string): Written => {
  // Helm begins with the chart's name.
  const inside = template.slice(template.indexOf('/') + 1);
  const file = joined(directory, inside);
  const lines = contentOf(bundle, file).split('\n');
  const only = (pattern: RegExp): number | undefined => {
    const matches = lines.flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
    return matches.length === 1 ? matches[0] : undefined;
  };
  return {
    file,
    lineOf: (field) => {
      const keys = pathOf(field).filter((key) => typeof key === 'string');
      const lastFirst = keys.toReversed().map((key) => only(keyPattern(key)));
      return lastFirst.find((line) => line !== undefined) ?? only(/^kind:/) ?? 1;
    },
  };
};

const keyPattern = (key: string): RegExp =>
  new RegExp(`^\\s*(?:- )?["']?${key.replaceAll(/[^\w-]/g, String.raw`\$&`)}["']?:`);

const YAML = /\.(?:ya?ml|json)$/;

const inDocuments = (
  bundle: Bundle,
  file: string,
  { object, isNamed }: { object: KubernetesObject; isNamed: IsNamed },
): Written[] => {
  if (!YAML.test(file)) return [];
  const text = contentOf(bundle, file);
  if (!text.includes(object.kind)) return [];
  const isIt = ({ value }: YamlDocument): boolean =>
    isRecord(value) &&
    value['kind'] === object.kind &&
    isNamed(textAt(value, 'metadata.name'), object.metadata.name ?? '');
  return readYaml(file, text)
    .documents.filter(isIt)
    .map((document) => ({ file, lineOf: (field) => document.lineOf(pathOf(field)) }));
};

/** `spec.sources[1].helm`, `metadata.labels["a.b/c"]` as a path; the other way round: `fieldText`. */
export const pathOf = (field: string): Path =>
  [...field.matchAll(/\[(\d+)\]|\["([^"]+)"\]|([^.[\]]+)/g)].map(([, index, quoted, name]) =>
    index === undefined ? (quoted ?? name ?? '') : Number(index),
  );

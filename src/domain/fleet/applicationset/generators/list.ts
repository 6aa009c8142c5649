import type { ListGenerator, Params } from '../application-set.ts';
import type { GeneratorContext } from '../context.ts';
import { firstDocument } from '../first-document.ts';
import { setError } from '../render.ts';

/** The elements as they are; without Go templates they have to be strings, apart from a mapping `values` of strings. */
export const generateList = ({ elements, elementsYaml }: ListGenerator, { set }: GeneratorContext): Params[] => {
  const listed = (elements ?? []).map((element) => (set.goTemplate ? element : flatElement(element)));
  return elementsYaml ? [...listed, ...readElements(elementsYaml)] : listed;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const flatElement = (element: Params): Params => {
  const flat: Params = {};
  for (const [key, value] of Object.entries(element)) {
    if (key !== 'values') flat[key] = textOf(key, value);
    else if (!isRecord(value)) throw setError('error parsing values map');
    else for (const [name, one] of Object.entries(value)) flat[`values.${name}`] = textOf(`values.${name}`, one);
  }
  return flat;
};

const textOf = (key: string, value: unknown): string => {
  if (typeof value === 'string') return value;
  throw setError(
    `error parsing value as string: ${key} of a list element is ${JSON.stringify(value)}; quote it, or use goTemplate`,
  );
};

const readElements = (text: string): Params[] => {
  const read = firstDocument(text);
  if ('fault' in read) throw setError(`error unmarshling decoded ElementsYaml: ${read.fault}`);
  const { value } = read;
  if (value === null || value === undefined) return [];
  if (Array.isArray(value) && value.every(isRecord)) return value;
  throw setError('error unmarshling decoded ElementsYaml: it has to be a list of mappings');
};

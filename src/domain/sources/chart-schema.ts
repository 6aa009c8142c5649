import { isFields } from './objects.ts';

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];
/** The drafts that helm carries itself. */
const DRAFT = /^https?:\/\/json-schema\.org\/(?:draft-0[4-7]|draft\/20(?:19-09|20-12))\/schema#?$/;
const DEPTH_AT_MOST = 200;

/**
 * What a chart's `values.schema.json` would have helm read from elsewhere (a URL, a file of the machine); undefined:
 * nothing, or it is no JSON, which helm itself says. Helm has no option for leaving references alone.
 */
export const outsideReference = (text: string): string | undefined => {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found = { ids: new Set<string>(), references: new Set<string>() };
  if (!collect(schema, found, DEPTH_AT_MOST)) return `more than ${DEPTH_AT_MOST} levels`;
  return [...found.references].find((one) => !one.startsWith('#') && !DRAFT.test(one) && !found.ids.has(one));
};

/** False where the schema is nested too deep to be looked through. */
const collect = (value: unknown, found: Record<'ids' | 'references', Set<string>>, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (isFields(value)) {
    for (const key of ['$id', 'id']) if (typeof value[key] === 'string') found.ids.add(value[key]);
    for (const key of [...REFERENCES, '$schema']) {
      if (typeof value[key] === 'string') found.references.add(value[key]);
    }
  }
  return Object.values(value).every((child) => collect(child, found, depth - 1));
};

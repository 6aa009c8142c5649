import { isRecord, textAt } from '../domain/health/fields.ts';
import type { Problem } from '../domain/problem.ts';
import { fieldText, type Path, readYaml, type YamlDocument } from '../domain/yaml-document.ts';
import { pathOf } from './written-documents.ts';

/**
 * A problem with what an ApplicationSet makes, at the line of the template that makes it so: compiling knows only where the
 * set begins. `text` is the set's file.
 */
export const placeInSet = (problem: Problem, text: string): Problem => {
  const isSet = ({ value, lineOf }: YamlDocument): boolean =>
    textAt(value, 'kind') === 'ApplicationSet' && lineOf([]) === problem.line;
  const set = readYaml(problem.file, text).documents.find(isSet);
  if (!set) return problem;
  const named = problem.code.startsWith('application-set-') ? templateIn(problem.message, set.value) : undefined;
  const field = named ?? pathOf(problem.field);
  const { column: _column, ...rest } = problem;
  return { ...rest, line: set.lineOf(field), field: named ? fieldText(named) : problem.field };
};

/** Where the template stands that a message quotes. */
const templateIn = (message: string, value: unknown): Path | undefined => {
  if (message.includes('templatePatch')) return ['spec', 'templatePatch'];
  const search = (found: unknown, path: Path): Path | undefined => {
    if (typeof found === 'string') return found.includes('{{') && message.includes(found) ? path : undefined;
    if (typeof found !== 'object' || found === null) return undefined;
    for (const [key, child] of Object.entries(found)) {
      const place = search(child, [...path, Array.isArray(found) ? Number(key) : key]);
      if (place) return place;
    }
    return undefined;
  };
  return isRecord(value) ? search(value['spec'], ['spec']) : undefined;
};

import { readYaml } from '../../sources/yaml-documents.ts';

/** What a file that generators read, or a patch, may amount to: values, and mappings within each other. */
const LIMITS = { nodes: 200_000, depth: 100, documents: 1000 };

/**
 * The first document of a YAML or JSON text, typed as Argo CD's reader does (`yes` is true, `0755` octal; of a key named
 * twice the last counts); undefined where there is none. `fault`: why it cannot be read.
 */
export const firstDocument = (text: string): { value: unknown } | { fault: string } => {
  const { documents, problem } = readYaml(text, { duplicates: 'last', limits: LIMITS });
  const [first] = documents;
  if (first || !problem) return { value: first?.value };
  return { fault: `line ${problem.line}: ${problem.reason}` };
};

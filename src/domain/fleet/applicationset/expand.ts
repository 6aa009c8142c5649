import { AppError } from '../../errors.ts';
import type { ApplicationSet, Params, Template } from './application-set.ts';
import { createContext, type GeneratorContext } from './context.ts';
import { generateParams } from './generate-params.ts';
import type { GeneratorInputs, GeneratorRead, Need } from './generator-inputs.ts';
import type { RenderTemplates } from './render.ts';
import { renderApplication } from './render-application.ts';

/**
 * What a set comes to: its Applications as manifests, or what has to be read first (read it, add it to the inputs, expand
 * again), or why it comes to nothing (then its last good Applications stay). `reads`: what it was made from.
 */
export type Expansion = { needs: Need[] } | Expanded;

/** An expansion that is at its end. */
export type Expanded = { manifests: Record<string, unknown>[]; reads: GeneratorRead[] } | Failed;

interface Failed {
  error: string;
  /** Absent where the reason may pass: the same inputs need not fail again. */
  reads?: GeneratorRead[];
}

/** Applications a set may make: what one plan can hold. */
const MAX_APPLICATIONS = 20_000;

/** Expands a set: pure, given what its generators see and something that renders Go templates. */
export const expandApplicationSet = (
  set: ApplicationSet,
  inputs: GeneratorInputs,
  render: RenderTemplates,
): Expansion => {
  const context = createContext(set, inputs, render);
  try {
    const generated = set.generators.flatMap((generator) => generateParams(generator, context));
    if (context.needs.length > 0) return { needs: context.needs };
    return finish(generated, set, context);
  } catch (error) {
    if (error instanceof AppError) return { error: error.message, reads: [...context.reads.values()] };
    throw error;
  }
};

const finish = (
  generated: readonly { params: Params[]; template: Template }[],
  set: ApplicationSet,
  { rendering, ...context }: GeneratorContext,
): Expansion => {
  const reads = [...context.reads.values()];
  const count = generated.reduce((sum, { params }) => sum + params.length, 0);
  if (count > MAX_APPLICATIONS) {
    return { error: `it makes ${count} Applications; at most ${MAX_APPLICATIONS} are served`, reads };
  }
  const manifests = generated.flatMap(({ params, template }) =>
    params.map((one) => manifestOf(renderApplication(set, template, one, rendering), set)),
  );
  return { manifests, reads };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Applications live in their set's namespace, whatever the template says. */
const manifestOf = (
  application: Record<string, unknown>,
  { namespace }: ApplicationSet,
): Record<string, unknown> & { metadata: Record<string, unknown> } => {
  const metadata: Record<string, unknown> = isRecord(application['metadata']) ? application['metadata'] : {};
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    ...application,
    metadata: { ...metadata, namespace },
  };
};

import { type Answer, withAnswer } from '../domain/fleet/applicationset/answer-needs.ts';
import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import type { Expanded } from '../domain/fleet/applicationset/expand.ts';
import type { GeneratorInputs, Need } from '../domain/fleet/applicationset/generator-inputs.ts';
import type { SetExpander } from '../ports/set-expander.ts';

/** Reads what a generator asks for; what could not be read is an answer, too. */
export type AnswerNeed = (need: Need) => Promise<Answer>;

/** Generators name what they read in so many steps at most: a matrix of git generators takes two each. */
const STEPS_AT_MOST = 100;

/**
 * Expands a set, reading what its generators ask for as they name it. Answers with what it comes to, and all that was read
 * for it. Errors: those of `expand` and `answer`.
 */
export const expandSet = async (
  set: ApplicationSet,
  start: GeneratorInputs,
  { expand, answer }: { expand: SetExpander['expand']; answer: AnswerNeed },
): Promise<{ expanded: Expanded; inputs: GeneratorInputs }> => {
  let inputs = start;
  for (let step = 0; step < STEPS_AT_MOST; step += 1) {
    const expansion = await expand(set, inputs);
    if (!('needs' in expansion)) return { expanded: expansion, inputs };
    for (const need of expansion.needs) inputs = withAnswer(inputs, await answer(need));
  }
  return { expanded: { error: `what its generators read is not known after ${STEPS_AT_MOST} steps` }, inputs };
};

/** What one character of a text has to be. */
export type CharTest = (char: string) => boolean;

/** A part of a pattern: a character, any run of them, parts any number of times, or one list of parts or another. */
export type PatternPart =
  | { type: 'one'; fits: CharTest }
  | { type: 'run'; fits: CharTest }
  | { type: 'repeat'; parts: readonly PatternPart[] }
  | { type: 'either'; of: readonly (readonly PatternPart[])[] };

/** True of every character. */
export const anyChar: CharTest = () => true;
/** True of every character but the one between the parts of a path. */
export const notSlash: CharTest = (char) => char !== '/';

/** A part that is this character. */
export const char = (wanted: string): PatternPart => ({ type: 'one', fits: (one) => one === wanted });

/** A class such as `[a-z]` in a regular expression's form; undefined: it is none. */
export const charClass = (source: string): PatternPart | undefined => {
  try {
    const expression = new RegExp(`^${source}$`, 's');
    return { type: 'one', fits: (one) => expression.test(one) };
  } catch {
    return undefined;
  }
};

type Step = { fits: CharTest; next: number } | { to: number[] };

/**
 * Whether a whole text matches parts, in time that grows with the text and the pattern alone: patterns come from repositories,
 * and a regular expression of a few dozen stars looks for ever.
 */
export const compileParts = (parts: readonly PatternPart[]): ((text: string) => boolean) => {
  const accept: Step = { to: [] };
  const steps: Step[] = [accept];
  const start = build(steps, parts, 0);
  return (text) => {
    let states = reach(steps, [start]);
    for (let at = 0; at < text.length && states.size > 0; at += 1) {
      const one = text.charAt(at);
      const next: number[] = [];
      for (const state of states) {
        const step = steps[state];
        if (step && 'fits' in step && step.fits(one)) next.push(step.next);
      }
      states = reach(steps, next);
    }
    return states.has(0);
  };
};

/** Adds the steps of parts that lead to `next`; answers with the first. */
const build = (steps: Step[], parts: readonly PatternPart[], next: number): number =>
  parts.reduceRight((after, part) => {
    if (part.type === 'one') return steps.push({ fits: part.fits, next: after }) - 1;
    if (part.type === 'either') return steps.push({ to: part.of.map((one) => build(steps, one, after)) }) - 1;
    const choice = { to: [after] };
    const at = steps.push(choice) - 1;
    choice.to.push(part.type === 'run' ? steps.push({ fits: part.fits, next: at }) - 1 : build(steps, part.parts, at));
    return at;
  }, next);

/** The steps at which a character may be read next, and 0 where all may be over. */
const reach = (steps: readonly Step[], from: readonly number[]): Set<number> => {
  const found = new Set<number>();
  const todo = [...from];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    if (found.has(state)) continue;
    found.add(state);
    const step = steps[state];
    if (step && 'to' in step) todo.push(...step.to);
  }
  return found;
};

/** Gathers parts with alternatives in braces, which may be nested. */
export interface PartList {
  add(part: PatternPart): void;
  /** How many braces are open. */
  depth(): number;
  open(): void;
  /** The next alternative of the innermost brace. */
  or(): void;
  close(): void;
  /** All parts, open braces closed. */
  end(): PatternPart[];
}

/** A list of parts with nothing in it yet. */
export const createPartList = (): PartList => {
  const outer: { before: PatternPart[]; of: PatternPart[][] }[] = [];
  let parts: PatternPart[] = [];
  const or = (): void => {
    outer.at(-1)?.of.push(parts);
    parts = [];
  };
  const close = (): void => {
    or();
    const group = outer.pop();
    parts = group ? [...group.before, { type: 'either', of: group.of }] : parts;
  };
  return {
    add: (part) => void parts.push(part),
    depth: () => outer.length,
    open: () => {
      outer.push({ before: parts, of: [] });
      parts = [];
    },
    or,
    close,
    end: () => {
      while (outer.length > 0) close();
      return parts;
    },
  };
};

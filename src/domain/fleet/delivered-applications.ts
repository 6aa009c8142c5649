import { applicationId, type Origin } from './application.ts';

/** What a document of the fleet has to be told apart by. */
interface Document {
  namespace: string;
  name: string;
  origin?: Origin;
}

/** Who delivered what, in one compile. */
export interface Deliveries {
  /** Whether the fleet has an application of this id. */
  has(application: string): boolean;
  /**
   * The applications through which one comes into the fleet, itself first, the one that stands in the fleet's own files (or
   * whose deliverer is gone) last; `undefined` at the end where they deliver each other.
   */
  chainOf(application: string): (string | undefined)[];
}

const MOST_IN_A_CHAIN = 1_000;

/**
 * Who delivered what: `applications` as documents of files and registrations, `made` with the set that makes each.
 * An application that also stands in a file, or delivers itself, begins its chain.
 */
export const deliveriesOf = (
  applications: readonly Document[],
  made: readonly (Document & { applicationSet?: string })[],
): Deliveries => {
  const parents = new Map<string, string | undefined>();
  for (const one of [...made, ...applications]) {
    const id = applicationId(one);
    const parent = one.origin?.registeredBy;
    if (parent === undefined || parent === id) parents.set(id, undefined);
    else if (!parents.has(id)) parents.set(id, parent);
  }
  return {
    has: (application) => parents.has(application),
    chainOf: (application) => {
      const chain: string[] = [];
      for (let at: string | undefined = application; at !== undefined && parents.has(at); at = parents.get(at)) {
        if (chain.includes(at) || chain.length >= MOST_IN_A_CHAIN) return [...chain, undefined];
        chain.push(at);
      }
      return chain;
    },
  };
};

/** So many applications may deliver one another, from the fleet's own on. */
const MOST_GENERATIONS = 10;

/** Why an application that is delivered by others is not synced: they deliver each other, or there are too many. */
export const nestingFault = (
  application: Document,
  { chainOf }: Deliveries,
): { code: string; field: string; message: string } | undefined => {
  if (application.origin?.registeredBy === undefined) return undefined;
  const chain = chainOf(applicationId(application));
  const remedy = `write one of them into the fleet's own source`;
  if (chain.at(-1) === undefined) {
    const names = chain.slice(0, -1).join(' ← ');
    return { code: 'delivery-cycle', field: '', message: `applications deliver each other (${names}): ${remedy}` };
  }
  if (chain.length <= MOST_GENERATIONS) return undefined;
  const names = `${chain[0]} ← ${chain[1]} ← … ← ${chain.at(-1)}`;
  const message = `${chain.length} applications deliver one another (${names}); at most ${MOST_GENERATIONS} may: ${remedy}`;
  return { code: 'delivery-depth', field: '', message };
};

/**
 * Which of two documents of one name counts where the first is delivered by an application: it, but where it hangs on the
 * other (the application delivers itself, on however many ways) or nobody delivers it any more.
 */
export const isOwner = (delivered: Document, deliveries: Deliveries, isApplication: boolean): boolean => {
  const parent = delivered.origin?.registeredBy;
  if (parent === undefined || !deliveries.has(parent)) return false;
  return !isApplication || !deliveries.chainOf(parent).includes(applicationId(delivered));
};

/** What set something in motion, for those who look for it or measure it: nothing is decided by it. */
export interface Origin {
  /** When its webhook came in, or a poll saw that a ref had moved (ms). */
  seenAt?: number;
  /** The delivery under whose id the log lines are found. */
  delivery?: string;
}

/** The origin of a change as its message tells it; undefined where nobody pushed. */
export const originOf = ({ seenAt, delivery }: Origin): Origin | undefined =>
  seenAt === undefined && delivery === undefined
    ? undefined
    : { ...(seenAt === undefined ? {} : { seenAt }), ...(delivery === undefined ? {} : { delivery }) };

/** The id of what set work in motion (a delivery's), which follows it from queue to queue and into every log line. */
export interface Correlation {
  current(): string | undefined;
  /** Runs work, and all that it awaits, under an id; undefined: under none. */
  run<Result>(id: string | undefined, work: () => Result): Result;
}

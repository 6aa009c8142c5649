/** Milliseconds since the epoch. Injected, so that tests own the time. */
export type Clock = () => number;

/** Makes a new unguessable id (a lease owner, an operation). Injected, so that tests own the randomness. */
export type NewId = () => string;

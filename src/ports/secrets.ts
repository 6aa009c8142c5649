/** Reads secrets by the name that the fleet file uses. Values are never logged or stored by the reader. */
export interface Secrets {
  /** Errors: AppError `secret-missing`, `secret-denied` (permanent), `secret-store-unreachable` (transient). */
  read(name: string): Promise<string>;
}

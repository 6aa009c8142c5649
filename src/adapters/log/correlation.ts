import { AsyncLocalStorage } from 'node:async_hooks';
import type { Correlation } from '../../ports/correlation.ts';
import type { Log } from '../../ports/log.ts';

/** A correlation that follows every await of the process. */
export const createCorrelation = (): Correlation => {
  const storage = new AsyncLocalStorage<string | undefined>();
  return { current: () => storage.getStore(), run: (id, work) => storage.run(id, work) };
};

/** The log with `correlation` among the fields of each line: the id under which it is written, else its own `delivery`. */
export const correlated = (log: Log, { current }: Correlation): Log => {
  const add = (fields: Record<string, unknown> = {}): Record<string, unknown> => {
    const id = current() ?? fields['delivery'];
    return id === undefined ? fields : { correlation: id, ...fields };
  };
  return {
    debug: (message, fields) => log.debug(message, add(fields)),
    info: (message, fields) => log.info(message, add(fields)),
    warn: (message, fields) => log.warn(message, add(fields)),
    error: (message, fields) => log.error(message, add(fields)),
  };
};

import { Logger } from '@aws-lambda-powertools/logger';
import type { Events } from '../../ports/events.ts';
import type { Log } from '../../ports/log.ts';

/** One JSON object a line on standard output, as CloudWatch Logs takes it. */
export const createJsonLog = (service: string, level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'): Log => {
  const logger = new Logger({ serviceName: service, logLevel: level });
  return {
    debug: (message, fields = {}) => logger.debug(message, fields),
    info: (message, fields = {}) => logger.info(message, fields),
    warn: (message, fields = {}) => logger.warn(message, fields),
    error: (message, fields = {}) => logger.error(message, fields),
  };
};

/** Events as log lines: the record of a rollout where nobody watches live. */
export const createLoggedEvents = (log: Log): Events => ({
  emit: ({ event, ...fields }) => {
    // A line's message is the event's name.
    const { message: reason, ...rest } = { message: undefined, ...fields };
    log.info(event, reason === undefined ? rest : { ...rest, reason });
  },
});

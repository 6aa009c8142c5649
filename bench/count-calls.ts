import { SQSClient } from '@aws-sdk/client-sqs';

/** Counts every call that any AWS SDK client of this process makes, by operation and what it is about. */
export const countCalls = (): { take(): Map<string, number> } => {
  let counts = new Map<string, number>();
  // All clients share one base class.
  const base = Object.getPrototypeOf(SQSClient.prototype) as {
    send: (command: Command, ...rest: unknown[]) => unknown;
  };
  const { send } = base;
  base.send = function (this: unknown, command: Command, ...rest: unknown[]) {
    const name = `${command.constructor.name.replace(/Command$/, '')} ${subjectOf(command.input)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return send.call(this, command, ...rest);
  };
  return {
    take: () => {
      const taken = new Map([...counts].toSorted(([, a], [, b]) => b - a));
      counts = new Map();
      return taken;
    },
  };
};

interface Command {
  constructor: { name: string };
  input: Record<string, unknown>;
}

const subjectOf = ({ TableName, IndexName, RequestItems, QueueUrl, Key }: Record<string, unknown>): string => {
  if (typeof TableName === 'string')
    return [TableName, ...(typeof IndexName === 'string' ? [IndexName] : [])].join('/');
  if (typeof RequestItems === 'object' && RequestItems !== null) return Object.keys(RequestItems).join();
  if (typeof QueueUrl === 'string') return QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
  return typeof Key === 'string' ? Key.slice(0, Key.indexOf('/')) : '';
};

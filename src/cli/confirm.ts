import { createInterface } from 'node:readline/promises';

/** Asks a question on the terminal; true for yes. Off a terminal there is nobody to ask: undefined. */
export const askOnTerminal = (
  stdin: NodeJS.ReadStream,
  stdout: NodeJS.WriteStream,
): ((question: string) => Promise<boolean>) | undefined => {
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return async (question) => {
    const reader = createInterface({ input: stdin, output: stdout });
    try {
      return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim());
    } finally {
      reader.close();
    }
  };
};

import { type CommandInput } from './command-line.ts';
export const runAffected = (_input: CommandInput): Promise<number> => Promise.resolve(0);

declare module 'js-yaml' {
  export interface TypeOptions {
    kind: 'scalar' | 'sequence' | 'mapping';
    resolve?: (data: string | null) => boolean;
    construct?: (data: string) => unknown;
  }
  export class Type {
    constructor(tag: string, options: TypeOptions);
  }
  export class Schema {
    extend(definition: { implicit?: Type[]; explicit?: Type[] }): Schema;
  }
  export class YAMLException extends Error {
    reason: string;
    mark?: { line: number; column: number };
  }
  export const FAILSAFE_SCHEMA: Schema;
  export const types: Record<'merge' | 'binary', Type>;
  export function load(text: string, options: { schema: Schema; json?: boolean; maxDepth?: number }): unknown;
}

import { WASI } from 'node:wasi';
import { transient } from '../../domain/errors.ts';
import type { RenderTemplates, TemplateAnswer, TemplateRequest } from '../../domain/fleet/applicationset/render.ts';

/** What the program (infra/gotemplate) exports. */
interface Exports {
  memory: WebAssembly.Memory;
  allocate(size: number): number;
  render(): bigint;
}

/**
 * Starts the program that renders Go templates and answers with the function that uses it. It has no files, environment,
 * arguments or network, but whoever renders strangers' templates limits time and memory around it (the sandbox).
 * Errors: AppError `go-templates-broken` (transient) where the program is not the one expected, or ended.
 */
export const startGoTemplates = async (module: WebAssembly.Module): Promise<RenderTemplates> => {
  const wasi = new WASI({ version: 'preview1', args: [], env: {}, preopens: {}, returnOnExit: true });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  wasi.initialize(instance);
  const { exports } = instance;
  if (!isProgram(exports)) throw broken('it does not export memory, allocate and render');
  return (requests) => call(exports, requests);
};

const broken = (reason: string) =>
  transient('go-templates-broken', `the program that renders Go templates is not right: ${reason}`);

const isProgram = (exports: object): exports is Exports =>
  'memory' in exports &&
  exports.memory instanceof WebAssembly.Memory &&
  'allocate' in exports &&
  typeof exports.allocate === 'function' &&
  'render' in exports &&
  typeof exports.render === 'function';

const call = (program: Exports, requests: readonly TemplateRequest[]): TemplateAnswer[] => {
  const input = Buffer.from(JSON.stringify(requests));
  const address = program.allocate(input.length) >>> 0;
  new Uint8Array(program.memory.buffer, address, input.length).set(input);
  const answer = BigInt.asUintN(64, program.render());
  const output = Buffer.from(program.memory.buffer, Number(answer >> 32n), Number(answer & 0xffffffffn));
  const parsed: unknown = JSON.parse(output.toString('utf8'));
  if (!Array.isArray(parsed) || parsed.length !== requests.length) throw broken('it answered something else');
  return parsed.map(toAnswer);
};

const toAnswer = (answer: { results?: string[]; error?: string; missingKey?: boolean }): TemplateAnswer =>
  answer.error === undefined
    ? { results: answer.results ?? [] }
    : { error: answer.error, ...(answer.missingKey ? { missingKey: true } : {}) };

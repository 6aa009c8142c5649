import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** The program as it lies in the repository, built from infra/gotemplate by its build.sh. */
export const GO_TEMPLATES = new URL('../../../infra/gotemplate/gotemplate.wasm.gz', import.meta.url);

/** Reads and compiles the program. Takes about a second of CPU the first time; keep it for the life of the process. */
export const loadGoTemplates = async (file: URL | string = GO_TEMPLATES): Promise<WebAssembly.Module> =>
  WebAssembly.compile(new Uint8Array(gunzipSync(await readFile(file))));

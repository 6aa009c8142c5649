// Bundles what functions run in threads of their own into dist/, whence serverless.yml's package patterns take it.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { parse } from 'yaml';

const { minify, target, platform } = parse(readFileSync('serverless.yml', 'utf8')).custom.esbuild;

// CommonJS, as jq's own module is: what Emscripten made asks for __filename.
const options = { bundle: true, format: 'cjs', minify, target, platform, logLevel: 'error' };

await build({ ...options, entryPoints: ['src/adapters/jq/jq-worker.ts'], outfile: 'dist/jq-worker.cjs' });

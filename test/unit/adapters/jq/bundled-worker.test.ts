import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { createDeleteJqPaths } from '../../../../src/adapters/jq/delete-jq-paths.ts';

it('jq runs in the thread that is packaged for Lambda', { timeout: 30_000 }, async () => {
  await promisify(execFile)(process.execPath, ['scripts/build-workers.mjs']);
  const deleteJqPaths = createDeleteJqPaths({ workerURL: pathToFileURL(resolve('dist/jq-worker.cjs')) });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { drop: '1', keep: '2' } };
  expect(await deleteJqPaths(object, ['.data.drop'])).toMatchObject({ data: { keep: '2' } });
});

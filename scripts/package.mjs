// Packages for deployment with no AWS account and no network. osls asks CloudFormation whether a deployed stack already
// has the layer, even where it only packages; here a local answer says that there is no such stack.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import './build-workers.mjs';

const LIMIT_MS = 300_000; // serverless-esbuild waits for ever once a bundle failed

const noStack = createServer((_request, response) => {
  response.writeHead(400, { 'content-type': 'text/xml' });
  response.end(
    '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id towline does not exist</Message></Error></ErrorResponse>',
  );
});
await new Promise((resolve) => noStack.listen(0, '127.0.0.1', resolve));

const child = spawn('node_modules/.bin/osls', ['package', ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit'],
  timeout: LIMIT_MS,
  env: {
    ...process.env,
    AWS_ENDPOINT_URL_CLOUDFORMATION: `http://127.0.0.1:${noStack.address().port}`,
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
  },
});
child.on('exit', (code) => {
  noStack.close();
  process.exitCode = code ?? 1;
});

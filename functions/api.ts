import { handle } from 'hono/aws-lambda';
import { createReadModel } from '../src/app/read-model.ts';
import { createUi } from '../src/ui/routes.ts';
import { lambdaRuntime, lazily, noSecrets, type Runtime } from './wiring/runtime.ts';
import { createStores } from './wiring/stores.ts';

/** The web page and its JSON API, read only. */
export const createApi = ({ config }: Runtime) => createUi(createReadModel(createStores(config)));

export const handler = lazily(() => handle(createApi(lambdaRuntime('api', noSecrets))));

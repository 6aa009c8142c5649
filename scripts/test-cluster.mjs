// `npm run test:cluster [-- vitest arguments]`: runs the tests in test/cluster against a real API server: the one of
// KUBECONFIG where that is set, else a control plane of its own.
import { runVitest } from './run-vitest.mjs';
import { withControlPlane } from './with-control-plane.mjs';

const test = (environment) => runVitest('cluster', environment);

// The terminal's Ctrl-C reaches vitest and the control plane too; wait for them instead of leaving them behind.
process.on('SIGINT', () => undefined);
process.exitCode = await (process.env.KUBECONFIG ? test({}) : withControlPlane(test));

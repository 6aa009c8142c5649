const ANNOTATION = 'argocd.argoproj.io/compare-options';

/** What `argocd.argoproj.io/compare-options` says, on a resource or on an Application. */
export interface AnnotatedCompareOptions {
  /** The resource does not count where no source has it. */
  ignoreExtraneous: boolean;
  /** Whether the server's dry run is asked; undefined: as the settings say. */
  serverSideDiff: boolean | undefined;
  /** Changes that mutating webhooks make in the dry run count as differences. */
  includeMutationWebhook: boolean;
}

/** Reads the annotation: words separated by commas, matched exactly, unknown ones left alone. */
export const readCompareOptions = (
  annotations: Readonly<Record<string, string>> | undefined,
): AnnotatedCompareOptions => {
  const words = (annotations?.[ANNOTATION] ?? '').split(',').map((word) => word.trim());
  const asked = words.findLast((word) => word.startsWith('ServerSideDiff='));
  return {
    ignoreExtraneous: words.includes('IgnoreExtraneous'),
    serverSideDiff: asked === undefined ? undefined : asked === 'ServerSideDiff=true',
    includeMutationWebhook: words.includes('IncludeMutationWebhook=true'),
  };
};

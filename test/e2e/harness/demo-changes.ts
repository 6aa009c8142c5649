/** The ConfigMap file of an application of the demo fleet, with another greeting. */
export const greeting = (name: 'web' | 'api', text: string): Record<string, string> => ({
  [name === 'web' ? 'workloads/web/config.yaml' : 'workloads/api/base/config.yaml']: `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  GREETING: ${JSON.stringify(text)}
`,
});

/** The value that both environments of the Helm application take, unless their own value file says otherwise. */
export const workerValues = (replicas: number): Record<string, string> => ({
  'workloads/worker/values.yaml': `greeting: hello\nreplicas: ${replicas}\n`,
});

/** An Application of the demo fleet, with what a test wants otherwise. */
export const applicationFile = (
  repoURL: string,
  {
    name,
    cluster,
    ...more
  }: { name: string; cluster: string; path?: string; destination?: string; namespace?: string; project?: string },
): Record<string, string> => ({
  [`apps/${name}-${cluster}.yaml`]: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}-${cluster}
  namespace: argocd
spec:
  project: ${more.project ?? 'default'}
  source:
    repoURL: ${repoURL}
    targetRevision: main
    path: ${more.path ?? `workloads/${name}`}
  destination:
    name: ${more.destination ?? cluster}
    namespace: ${more.namespace ?? name}
  syncPolicy:
    automated: { prune: true, selfHeal: true }
    syncOptions: [CreateNamespace=true]
`,
});

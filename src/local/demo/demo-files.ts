/** The demo's repository: Argo CD Applications under `apps/`, and what they deploy under `workloads/`. */
export const demoFiles = (repoURL: string): Record<string, string> => ({
  'README.md': README,
  ...Object.fromEntries(
    SOURCES.flatMap((source) =>
      ENVIRONMENTS.map((environment) => [
        `apps/${source.name}-${environment}.yaml`,
        applicationYaml(repoURL, source, environment),
      ]),
    ),
  ),
  ...plainFiles,
  ...kustomizeFiles,
  ...helmFiles,
});

/** What the demo changes in its second commit: one file, which only the two `web` applications read. */
export const demoChange = (): Record<string, string> => ({
  'workloads/web/config.yaml': configMap('web', 'hello again'),
});

const ENVIRONMENTS = ['dev', 'prod'] as const;

interface DemoSource {
  name: string;
  path: (environment: string) => string;
  options?: (environment: string) => string;
}

const SOURCES: readonly DemoSource[] = [
  { name: 'web', path: () => 'workloads/web' },
  { name: 'api', path: (environment) => `workloads/api/overlays/${environment}` },
  {
    name: 'worker',
    path: () => 'workloads/worker',
    options: (environment) => `    helm:\n      valueFiles: [values.yaml, values-${environment}.yaml]\n`,
  },
];

const applicationYaml = (repoURL: string, { name, path, options }: DemoSource, environment: string): string => `\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}-${environment}
  namespace: argocd
spec:
  project: default
  source:
    repoURL: ${repoURL}
    targetRevision: main
    path: ${path(environment)}
${options?.(environment) ?? ''}  destination:
    name: ${environment}
    namespace: ${name}
  syncPolicy:
    automated: { prune: true, selfHeal: true }
    syncOptions: [CreateNamespace=true]
`;

const README = `# The demo fleet

\`apps/\` holds six Argo CD Applications: a plain-YAML, a Kustomize and a Helm source, each on the clusters dev and prod.
Change any file, commit and push: exactly what depends on it is rendered and applied.
`;

const deployment = (name: string, image: string, replicas: number): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      serviceAccountName: ${name}
      containers:
        - name: ${name}
          image: ${image}
          ports: [{ name: http, containerPort: 8080 }]
          envFrom: [{ configMapRef: { name: ${name} } }]
`;

const service = (name: string): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 80, targetPort: http }]
`;

const serviceAccount = (name: string): string => `apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${name}
`;

const configMap = (name: string, greeting: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  GREETING: ${greeting}
`;

const plainFiles = {
  'workloads/web/deployment.yaml': deployment('web', 'registry.k8s.io/e2e-test-images/agnhost:2.53', 2),
  'workloads/web/service.yaml': service('web'),
  'workloads/web/serviceaccount.yaml': serviceAccount('web'),
  'workloads/web/config.yaml': configMap('web', 'hello'),
};

const overlay = (environment: string, replicas: number): string => `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../base]
labels:
  - pairs: { environment: ${environment} }
replicas:
  - { name: api, count: ${replicas} }
`;

const kustomizeFiles = {
  'workloads/api/base/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml, service.yaml, serviceaccount.yaml, config.yaml]
`,
  'workloads/api/base/deployment.yaml': deployment('api', 'registry.k8s.io/e2e-test-images/agnhost:2.53', 1),
  'workloads/api/base/service.yaml': service('api'),
  'workloads/api/base/serviceaccount.yaml': serviceAccount('api'),
  'workloads/api/base/config.yaml': configMap('api', 'hello'),
  'workloads/api/overlays/dev/kustomization.yaml': overlay('dev', 1),
  'workloads/api/overlays/prod/kustomization.yaml': overlay('prod', 3),
};

const helmFiles = {
  'workloads/worker/Chart.yaml': 'apiVersion: v2\nname: worker\nversion: 0.1.0\n',
  'workloads/worker/values.yaml': 'greeting: hello\nreplicas: 1\n',
  'workloads/worker/values-dev.yaml': 'greeting: hello from dev\n',
  'workloads/worker/values-prod.yaml': 'greeting: hello from prod\nreplicas: 2\n',
  'workloads/worker/templates/config.yaml': configMap('worker', '{{ .Values.greeting | quote }}'),
  'workloads/worker/templates/deployment.yaml': deployment(
    'worker',
    'registry.k8s.io/e2e-test-images/agnhost:2.53',
    1,
  ).replace('replicas: 1', 'replicas: {{ .Values.replicas }}'),
  'workloads/worker/templates/service.yaml': service('worker'),
  'workloads/worker/templates/serviceaccount.yaml': serviceAccount('worker'),
};

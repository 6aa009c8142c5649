import { expect, it } from 'vitest';
import { previewStatuses } from '../../../../src/domain/preview/preview-statuses.ts';

it('annotates each problem once, where its file is known', () => {
  const problem = { message: 'a.yaml:3: spec.project is missing', file: 'a.yaml', line: 3 };
  const [render, policy] = previewStatuses({
    groups: [],
    unchanged: 0,
    failures: [
      problem,
      { ...problem, application: 'argocd/web' },
      { message: 'no such cluster' },
      { message: 'b', file: 'b' },
    ],
    violations: [{ message: 'namespace "kube-system" is not permitted' }],
  });
  expect(render).toMatchObject({
    context: 'towline/render',
    state: 'failure',
    annotations: [
      { path: 'a.yaml', line: 3, message: problem.message },
      { path: 'b', line: 1, message: 'b' },
    ],
  });
  expect(policy).toMatchObject({ context: 'towline/policy', state: 'failure' });
  expect(policy).not.toHaveProperty('annotations');
});

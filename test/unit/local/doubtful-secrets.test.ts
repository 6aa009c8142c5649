import { expect, it } from 'vitest';
import { createVariableSecrets } from '../../../src/adapters/aws/secrets.ts';
import { parseFleetFile } from '../../../src/domain/fleet/parse-fleet-file.ts';
import { doubtfulSecrets } from '../../../src/local/doubtful-secrets.ts';

const FLEET = `apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: https://github.com/acme/fleet }
  repositories:
    - { url: https://github.com/acme/fleet, credentials: forge, webhookSecret: hook }
    - { url: https://github.com/acme/web, credentials: forge }
    - { url: https://charts.example, type: helm, credentials: charts }
  clusters: [{ name: dev, labels: { environment: dev }, embedded: true }]
  slack: { channel: C0123456, credentials: slack-bot }
`;

it('tells at the start which secrets are missing or empty, and what they are for', async () => {
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!parsed.ok) throw new Error('the fleet is not right');
  const secrets = createVariableSecrets({ TOWLINE_SECRET_CHARTS: ' ', TOWLINE_SECRET_SLACK_BOT: 'xoxb-1' });
  expect(await doubtfulSecrets(parsed.fleet, secrets)).toEqual([
    'secret forge is not set: export TOWLINE_SECRET_FORGE=… before the start; it is for https://github.com/acme/fleet, https://github.com/acme/web',
    'secret charts is empty; it is for https://charts.example',
  ]);
});

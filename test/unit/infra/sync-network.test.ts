import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

const network: (variables: { resolveVariable: (variable: string) => Promise<string> }) => Promise<unknown> =
  createRequire(import.meta.url)('../../../infra/sync-network.cjs');

/** What serverless.yml gets of the file with these variables in the environment. */
const load = (environment: Record<string, string>): Promise<unknown> =>
  network({
    resolveVariable: async (variable) => environment[/^env:(\w+), ''$/.exec(variable)?.[1] ?? ''] ?? '',
  });

describe('the network of sync', () => {
  it('is none unless it is asked for', async () => {
    expect(await load({})).toEqual({ vpc: null, dependsOn: null, template: { Resources: {} } });
  });

  it('is the subnets and security groups given, with a policy that Lambda can use and the code cannot', async () => {
    const asked = await load({ TOWLINE_SYNC_SUBNETS: 'subnet-1, subnet-2', TOWLINE_SYNC_SECURITY_GROUPS: 'sg-1' });
    const actions = expect.arrayContaining(['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']);
    expect(asked).toMatchObject({
      vpc: { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] },
      dependsOn: ['SyncNetworkPolicy'],
      template: {
        Resources: {
          SyncNetworkPolicy: {
            Properties: {
              Roles: [{ Ref: 'SyncRole' }],
              PolicyDocument: {
                Statement: [
                  { Effect: 'Allow', Action: actions },
                  {
                    Effect: 'Deny',
                    Action: actions,
                    Condition: {
                      ArnEquals: {
                        'lambda:SourceFunctionArn': {
                          'Fn::Sub': expect.stringMatching(/:function:\$\{AWS::StackName\}-sync$/),
                        },
                      },
                    },
                  },
                ],
              },
            },
          },
        },
      },
    });
  });

  it('needs both', async () => {
    await expect(load({ TOWLINE_SYNC_SUBNETS: 'subnet-1' })).rejects.toThrow('belong together');
    await expect(load({ TOWLINE_SYNC_SECURITY_GROUPS: 'sg-1' })).rejects.toThrow('belong together');
  });
});

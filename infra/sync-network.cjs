// The network that `sync` runs in where clusters' API endpoints are private: TOWLINE_SYNC_SUBNETS and
// TOWLINE_SYNC_SECURITY_GROUPS, ids with commas between. With neither set it runs in no VPC and reaches public endpoints.

// Lambda attaches the interface with the function's own role; EC2 knows no narrower resource for it.
const Action = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
];
const isTheCodeItself = {
  ArnEquals: {
    'lambda:SourceFunctionArn': {
      'Fn::Sub': 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-sync',
    },
  },
};

const SyncNetworkPolicy = {
  Type: 'AWS::IAM::Policy',
  Properties: {
    PolicyName: 'network',
    Roles: [{ Ref: 'SyncRole' }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action, Resource: '*' },
        { Effect: 'Deny', Action, Resource: '*', Condition: isTheCodeItself },
      ],
    },
  },
};

const idsOf = (list) =>
  list
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);

/** What serverless.yml takes from here; osls calls it. Errors: only one of the two variables is set. */
module.exports = async ({ resolveVariable }) => {
  const subnetIds = idsOf(await resolveVariable("env:TOWLINE_SYNC_SUBNETS, ''"));
  const securityGroupIds = idsOf(await resolveVariable("env:TOWLINE_SYNC_SECURITY_GROUPS, ''"));
  const isPrivate = subnetIds.length > 0;
  if (isPrivate !== securityGroupIds.length > 0)
    throw new Error('TOWLINE_SYNC_SUBNETS and TOWLINE_SYNC_SECURITY_GROUPS belong together: set both, or neither');
  return {
    vpc: isPrivate ? { subnetIds, securityGroupIds } : null,
    // Without its policy Lambda refuses to make the function.
    dependsOn: isPrivate ? ['SyncNetworkPolicy'] : null,
    template: { Resources: isPrivate ? { SyncNetworkPolicy } : {} },
  };
};

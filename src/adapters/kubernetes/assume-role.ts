import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentials } from './eks-token.ts';

/** Assumes a role. `expires` in ms since the epoch, undefined where STS does not say. Errors: the SDK's; Error where STS gave nothing. */
export const assumeRole = async (
  sts: STSClient,
  { roleARN, sessionName }: { roleARN: string; sessionName: string },
): Promise<{ credentials: AwsCredentials; expires: number | undefined }> => {
  const answer = await sts.send(new AssumeRoleCommand({ RoleArn: roleARN, RoleSessionName: sessionName }));
  const found = answer.Credentials;
  if (!found?.AccessKeyId || !found.SecretAccessKey) throw new Error('no credentials');
  return {
    credentials: {
      accessKeyId: found.AccessKeyId,
      secretAccessKey: found.SecretAccessKey,
      ...(found.SessionToken ? { sessionToken: found.SessionToken } : {}),
    },
    expires: found.Expiration?.getTime(),
  };
};

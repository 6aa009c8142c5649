/** Where scripts/test-real.mjs started the parts: base URLs, and the API server's kubeconfig. */
export const realParts = () => {
  const variable = (name: string): string => {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set; run npm run test:real`);
    return value;
  };
  return {
    dynamodb: variable('AWS_ENDPOINT_URL_DYNAMODB'),
    sqs: variable('AWS_ENDPOINT_URL_SQS'),
    moto: variable('AWS_ENDPOINT_URL_S3'),
    kubeconfig: variable('KUBECONFIG'),
  };
};

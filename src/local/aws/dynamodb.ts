import dynalite from 'dynalite';

/** DynamoDB on LevelDB under `path`, on a loopback port of its own. */
export const startDynamo = async (path: string): Promise<{ endpoint: string; close: () => Promise<void> }> => {
  const server = dynalite({ path, createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the DynamoDB emulator has no port');
  const endpoint = `http://127.0.0.1:${address.port}`;
  return {
    endpoint,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

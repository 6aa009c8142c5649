import { startCluster } from './client.ts';

/** A cluster in a process of its own, to be killed: prints where it is. */
const { url, token, certificateAuthority } = await startCluster(process.argv[2] ?? '');
process.stdout.write(`${JSON.stringify({ url, token, certificateAuthority })}\n`);

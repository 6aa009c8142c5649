// Unpacks the tools in a process of its own: their 120 MB would stay in the stack's memory otherwise.
import { unzipExecutables } from './unzip.ts';

const [archive = '', target = ''] = process.argv.slice(2);
await unzipExecutables(archive, target);

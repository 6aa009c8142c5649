import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Folders with what the parts need: jars and native libraries, Python packages. */
export interface Parts {
  jars: string;
  python: string;
}

const fetchJars = (directory: string): Promise<unknown> =>
  run('mvn', ['-q', '-B', '-f', 'pom.xml', COPY, `-DoutputDirectory=${directory}`, '-Dmdep.stripVersion=true'], {
    cwd: import.meta.dirname,
  });

const fetchPython = (directory: string): Promise<unknown> =>
  run('python3', ['-m', 'pip', 'install', '-q', '--no-compile', '--target', directory, '-r', 'requirements.txt'], {
    cwd: import.meta.dirname,
  });

const digestOf = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const file of ['pom.xml', 'requirements.txt']) hash.update(await readFile(join(import.meta.dirname, file)));
  return hash.digest('hex');
};

/**
 * Fetches DynamoDB Local and ElasticMQ with Maven and moto with pip into `cache`, once per version (a minute the first
 * time), from wherever these clients are set up to ask. Needs `mvn`, `python3` with pip, and Java 17.
 */
export const fetchParts = async (cache: string, say: (line: string) => void): Promise<Parts> => {
  const parts = { jars: join(cache, 'jars'), python: join(cache, 'python') };
  const stamp = join(cache, 'fetched');
  const digest = await digestOf();
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest) return parts;
  say(`fetching DynamoDB Local, ElasticMQ and moto into ${cache}: about a minute, once`);
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await Promise.all([fetchJars(parts.jars), fetchPython(parts.python)]);
  await writeFile(stamp, digest);
  return parts;
};

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../json.ts';
import { makeCertificate } from './certificate.ts';

/** What clients need to trust the cluster and to be let in; made once and kept. */
export interface ClusterCredentials {
  token: string;
  key: string;
  certificate: string;
  /** Port of the last start. */
  port: number;
}

const read = (file: string): ClusterCredentials | undefined => {
  if (!existsSync(file)) return undefined;
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isRecord(value)) return undefined;
  const { token, key, certificate, port } = value;
  if (typeof token !== 'string' || typeof key !== 'string' || typeof certificate !== 'string') return undefined;
  return { token, key, certificate, port: typeof port === 'number' ? port : 0 };
};

const write = (file: string, credentials: ClusterCredentials): void => {
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify(credentials), { mode: 0o600 });
  renameSync(next, file);
};

/** Reads the credentials in a state folder, or makes them. `keepPort` remembers the port that the server got. */
export const clusterCredentials = (
  stateDir: string,
  now: number,
): { credentials: ClusterCredentials; keepPort: (port: number) => void } => {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'credentials.json');
  const credentials = read(file) ?? { token: randomBytes(24).toString('base64url'), ...makeCertificate(now), port: 0 };
  return { credentials, keepPort: (port) => write(file, { ...credentials, port }) };
};

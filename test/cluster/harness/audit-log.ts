import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const file = join(dirname(process.env.KUBECONFIG ?? ''), 'audit.log');

/** Whether the API server writes an audit log that the tests can read. */
export const hasAuditLog = existsSync(file);

/** One write that the API server took. */
export interface AuditedWrite {
  verb: string;
  resource: string;
  namespace?: string;
  name: string;
  dryRun: boolean;
  userAgent: string;
  at: string;
}

interface AuditEvent {
  verb: string;
  requestURI: string;
  userAgent?: string;
  requestReceivedTimestamp: string;
  objectRef?: { resource?: string; namespace?: string; name?: string; subresource?: string };
  responseStatus?: { code?: number };
}

const toWrite = ({ verb, requestURI, userAgent, requestReceivedTimestamp, objectRef }: AuditEvent): AuditedWrite => ({
  verb,
  resource: objectRef?.resource ?? '',
  ...(objectRef?.namespace ? { namespace: objectRef.namespace } : {}),
  name: objectRef?.name ?? '',
  dryRun: requestURI.includes('dryRun=All'),
  userAgent: userAgent ?? '',
  at: requestReceivedTimestamp,
});

/** The writes of Towline that the API server took, in the order in which it received them. */
export const auditedWrites = async (concerns: (write: AuditedWrite) => boolean): Promise<AuditedWrite[]> => {
  // The log is written in batches.
  await sleep(1_500);
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ responseStatus }) => (responseStatus?.code ?? 0) < 300)
    .map(toWrite)
    .filter(
      (write) => write.userAgent.startsWith('towline (') && !write.userAgent.includes('(test)') && concerns(write),
    )
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
};

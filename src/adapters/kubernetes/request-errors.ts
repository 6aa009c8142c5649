import type { AppError, AppErrorOptions } from '../../domain/errors.ts';
import { permanent, transient } from '../../domain/errors.ts';
import type { Status } from './status.ts';
import { parseStatus } from './status.ts';
import type { Answer } from './transport.ts';

/** What a request is about, in Kubernetes' words (RBAC verb, plural resource). */
export interface RequestSubject {
  cluster: string;
  verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';
  group?: string;
  version?: string;
  kind?: string;
  resource?: string;
  namespace?: string;
  name?: string;
  /** What to check after a refusal. */
  remedy: string;
}

/** Seconds that the server asks to wait: `Retry-After`, or the Status' own; undefined where it names none. */
export const retryAfterOf = (answer: Answer): number | undefined => {
  const header = Number(answer.headers['retry-after']);
  if (answer.headers['retry-after'] !== undefined && Number.isFinite(header)) return header;
  return parseStatus(answer.body)?.details.retryAfterSeconds;
};

const subjectText = ({ kind, resource, group, namespace, name }: RequestSubject): string => {
  const what = kind ?? (group ? `${resource}.${group}` : (resource ?? 'the API'));
  return [what, name && `"${name}"`, namespace && `in namespace "${namespace}"`].filter(Boolean).join(' ');
};

const isSecret = ({ group, kind }: RequestSubject): boolean => group === '' && kind === 'Secret';

/** What the server said. Of a Secret only reason and field names: its messages quote values. */
const serverText = (subject: RequestSubject, status: Status | undefined, answer: Answer): string => {
  if (!status) return `HTTP ${answer.status}`;
  if (!isSecret(subject)) return status.message || status.reason || `HTTP ${answer.status}`;
  const fields = status.details.causes.map(({ field, reason }) => [field, reason].filter(Boolean).join(' '));
  const where = fields.filter(Boolean).join(', ');
  return `${status.reason || `HTTP ${answer.status}`}${where ? ` (${where})` : ''}; its message is withheld, as it may quote the Secret's values`;
};

const detailsOf = ({ remedy: _remedy, ...subject }: RequestSubject, answer: Answer): Record<string, unknown> => ({
  ...subject,
  status: answer.status,
  reason: parseStatus(answer.body)?.reason,
});

const denied = (subject: RequestSubject, status: Status | undefined, answer: Answer): AppError => {
  const resource = subject.resource ? `${subject.resource}${subject.group ? `.${subject.group}` : ''}` : 'the API';
  const where = subject.namespace ? `in namespace "${subject.namespace}"` : 'in the whole cluster';
  const verb = subject.verb === 'patch' ? 'patch (and create, where it does not exist yet)' : subject.verb;
  const needs =
    answer.status === 401 ? 'does not accept our credentials' : `refused; needed: ${verb} ${resource} ${where}`;
  const said = serverText(subject, status, answer);
  const message = `cluster "${subject.cluster}" ${needs}: ${said}. ${subject.remedy}`;
  return permanent('cluster-denied', message, { details: detailsOf(subject, answer) });
};

const fieldManagerPattern = /conflict with "([^"]*)"/;

/** Field conflicts of a server-side apply: the manager's name is only in the cause's message. */
const conflictsOf = (status: Status | undefined): { manager: string; field: string }[] =>
  (status?.details.causes ?? [])
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message, field }) => ({ manager: fieldManagerPattern.exec(message)?.[1] ?? '', field }));

const conflict = (subject: RequestSubject, status: Status | undefined, options: AppErrorOptions): AppError => {
  const conflicts = conflictsOf(status);
  const subjectWords = subjectText(subject);
  if (conflicts.length > 0) {
    const fields = conflicts.map(({ manager, field }) => `${field} (${manager})`).join(', ');
    const message = `${subjectWords}: fields owned by another manager: ${fields}`;
    return permanent('apply-conflict', message, { ...options, details: { ...options.details, conflicts } });
  }
  if (status?.reason === 'AlreadyExists') {
    return permanent('already-exists', `${subjectWords} already exists`, options);
  }
  return transient('precondition-failed', `${subjectWords} has changed since it was read`, options);
};

const missing = (subject: RequestSubject, status: Status | undefined, options: AppErrorOptions): AppError => {
  const { group = '', version, kind } = subject;
  if (status?.details.kind === 'namespaces' && kind !== 'Namespace') {
    const { namespace } = subject;
    return permanent('namespace-missing', `${subjectText(subject)}: the namespace does not exist`, {
      ...options,
      details: { ...options.details, namespace },
    });
  }
  if (status?.details.name) return permanent('object-missing', `${subjectText(subject)} does not exist`, options);
  const type = `${group ? `${group}/` : ''}${version} ${kind}`;
  return permanent('kind-unknown', `cluster "${subject.cluster}" does not serve ${type}`, options);
};

const invalid = (subject: RequestSubject, status: Status | undefined, answer: Answer, options: AppErrorOptions) => {
  const causes = (status?.details.causes ?? []).map(({ field, reason }) => ({ field, reason }));
  const message = `${subjectText(subject)} was refused: ${serverText(subject, status, answer)}`;
  return permanent('apply-invalid', message, {
    ...options,
    details: { ...options.details, causes },
  });
};

/**
 * An object that server-side apply cannot type (unknown field, duplicate list key, wrong type): the API server answers 500
 * without a reason, unlike every other failure but those of its storage. Tried on Kubernetes 1.35.
 */
export const looksUntyped = (answer: Answer): boolean => {
  const status = answer.status === 500 ? parseStatus(answer.body) : undefined;
  return status !== undefined && status.reason === '' && status.details.causes.length === 0;
};

/** `apply-invalid` for what `looksUntyped`, once the storage is known to be well; details.untyped is true. */
export const untypedError = (subject: RequestSubject, answer: Answer): AppError => {
  const details = { ...detailsOf(subject, answer), untyped: true };
  return invalid(subject, parseStatus(answer.body), answer, { details });
};

/**
 * Translates an answer that is not a 2xx by status, reason and causes, never by its text, into the AppErrors of
 * src/ports/cluster.ts.
 */
export const errorOf = (subject: RequestSubject, answer: Answer): AppError => {
  const status = parseStatus(answer.body);
  const options: AppErrorOptions = { details: detailsOf(subject, answer) };
  const wait = retryAfterOf(answer);
  if (wait !== undefined) options.retryAfterSeconds = wait;
  if (status?.details.causes.some(({ reason }) => reason === 'NamespaceTerminating')) {
    const details = { ...options.details, namespace: subject.namespace };
    const message = `namespace "${subject.namespace}" is terminating`;
    return transient('namespace-terminating', message, { ...options, details });
  }
  if (answer.status === 401 || answer.status === 403) return denied(subject, status, answer);
  if (answer.status === 404) return missing(subject, status, options);
  if (answer.status === 409) return conflict(subject, status, options);
  const said = serverText(subject, status, answer);
  if (answer.status === 429) {
    return transient('cluster-throttled', `cluster "${subject.cluster}" throttles us: ${said}`, options);
  }
  if (answer.status >= 500 || answer.status < 400) {
    const message = `cluster "${subject.cluster}" failed to ${subject.verb} ${subjectText(subject)}: ${said}`;
    return transient('cluster-failed', message, options);
  }
  return invalid(subject, status, answer, options);
};

import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, type Condition, conditionsAt, isRecord, textAt } from '../fields.ts';
import type { Health, HealthStatus } from '../health-status.ts';

/** Looks at an object and answers, or leaves it to the next rule. */
export type Rule = (object: KubernetesObject) => Health | undefined;

/** A fixed text, or one made from the object. */
export type Message = string | ((object: KubernetesObject) => string);

/** The health rules of one product family by `group/Kind`. */
export type Kinds = Readonly<Record<string, Rule>>;

const say = (message: Message, object: KubernetesObject): string =>
  typeof message === 'function' ? message(object) : message;

/** The first rule that answers. */
export const rules =
  (...list: readonly Rule[]): Rule =>
  (object) => {
    for (const rule of list) {
      const health = rule(object);
      if (health) return health;
    }
    return undefined;
  };

/** Always answers: the end of most lists of rules. */
export const otherwise =
  (status: HealthStatus, message: Message = ''): Rule =>
  (object) => ({ status, message: say(message, object) });

/** Answers where the test holds. */
export const when =
  (test: (object: KubernetesObject) => boolean, status: HealthStatus, message: Message = ''): Rule =>
  (object) =>
    test(object) ? { status, message: say(message, object) } : undefined;

/** Whether a path holds a value that is neither null, '', false, [] nor {}. */
export const holds = (object: KubernetesObject, path: string): boolean => {
  const value = at(object, path);
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) ? Object.keys(value).length > 0 : Boolean(value);
};

/** Takes the text at a path as message. */
export const from =
  (path: string, otherwiseText = ''): Message =>
  (object) =>
    textAt(object, path) || otherwiseText;

/** Suspended where a flag is set (`spec.paused`). */
export const suspendedWhen = (path: string, message: Message): Rule =>
  when((object) => at(object, path) === true, 'Suspended', message);

const WAITING = 'Waiting for the controller to report a status';

/** Progressing until there is anything under `status` (or the path named). */
export const reported = (path = 'status'): Rule => when((object) => !holds(object, path), 'Progressing', WAITING);

const BEHIND = 'Waiting for the controller to observe the current spec';

const isBehind = (object: KubernetesObject, observed: unknown): boolean => {
  const { generation } = object.metadata;
  return typeof observed === 'number' && typeof generation === 'number' && observed < generation;
};

/** Progressing while the controller has seen an older generation only; silent where it reports none. */
export const observed = (path = 'status.observedGeneration'): Rule =>
  when((object) => isBehind(object, at(object, path)), 'Progressing', BEHIND);

/** The same for conditions that carry their own observedGeneration: any older one, of the types named or of all. */
export const observedConditions = (...types: readonly string[]): Rule =>
  when(
    (object) =>
      conditionsAt(object).some(
        (c) => (types.length === 0 || types.includes(c.type)) && isBehind(object, c.observedGeneration),
      ),
    'Progressing',
    BEHIND,
  );

/** Maps the text at a path by a table of status → values; silent for values it does not list. The text is the message. */
export const phase =
  (path: string, table: Partial<Record<HealthStatus, readonly string[]>>, message: Message = from(path)): Rule =>
  (object) => {
    const value = textAt(object, path);
    const found = Object.entries(table).find(([, values]) => values.includes(value));
    return found ? { status: toStatus(found[0]), message: say(message, object) } : undefined;
  };

const STATUSES: readonly HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

const toStatus = (name: string): HealthStatus => STATUSES.find((status) => status === name) ?? 'Unknown';

/** What to say of a condition that decided: its message, else its reason, else nothing. */
export const messageOf = (condition: Condition): string => condition.message || condition.reason;

/** Its reason, else its message. */
export const reasonOf = (condition: Condition): string => condition.reason || condition.message;

/** `Reason: message`, or whichever there is. */
export const reasonAndMessage = (condition: Condition): string =>
  [condition.reason, condition.message].filter(Boolean).join(': ');

export interface ConditionOptions {
  /** Only with one of these reasons. */
  reasons?: readonly string[];
  /** Where the conditions are; `status.conditions` unless named. */
  path?: string;
  message?: string | ((condition: Condition) => string);
}

/** Answers where a condition of this type (a name or a pattern) has this status. */
export const condition =
  (type: string | RegExp, status: string, health: HealthStatus, options: ConditionOptions = {}): Rule =>
  (object) => {
    const { reasons, path, message = messageOf } = options;
    const named = (c: Condition): boolean => (typeof type === 'string' ? c.type === type : type.test(c.type));
    const found = conditionsAt(object, path).find(
      (c) => named(c) && c.status === status && (!reasons || reasons.includes(c.reason)),
    );
    if (!found) return undefined;
    return { status: health, message: typeof message === 'function' ? message(found) : message };
  };

/** Healthy when every condition (and at least one) is True; leaves anything else to the next rule. */
export const allTrue = (message: Message = ''): Rule =>
  when(
    (object) => {
      const conditions = conditionsAt(object);
      return conditions.length > 0 && conditions.every((c) => c.status === 'True');
    },
    'Healthy',
    message,
  );

/** The commonest API: one condition that is True (healthy), False (degraded), or not yet either (progressing). */
export const ready = (type = 'Ready', message: ConditionOptions['message'] = messageOf): Rule =>
  rules(
    condition(type, 'True', 'Healthy', { message }),
    condition(type, 'False', 'Degraded', { message }),
    condition(type, 'Unknown', 'Progressing', { message }),
    otherwise('Progressing', `Waiting for condition ${type}`),
  );

/** Gives every kind of a group the same rule: `kinds('kafka.strimzi.io', ['Kafka', 'KafkaUser'], rule)`. */
export const kinds = (group: string, names: readonly string[], rule: Rule): Kinds =>
  Object.fromEntries(names.map((name) => [`${group}/${name}`, rule]));

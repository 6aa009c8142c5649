import { differencesOf } from '../diff/differences.ts';
import { LAST_APPLIED } from '../diff/normalize.ts';
import { isRecord } from '../health/fields.ts';
import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';

/** A core Secret, whose values are never shown. */
export const isSecret = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'Secret' && parseApiVersion(apiVersion).group === '';

/**
 * A Secret's change as lines: which keys come, go and change, and its labels, type and the like. Of a value nothing is
 * told, neither its length nor whether another key or Secret holds the same: annotations only by name, as tools keep values
 * in them, too.
 */
export const secretLines = ({
  before,
  after,
}: {
  before?: KubernetesObject | undefined;
  after?: KubernetesObject | undefined;
}): string[] => [
  ...keyLines('data', valuesOf(before), valuesOf(after)),
  ...keyLines('metadata.annotations', annotationsOf(before), annotationsOf(after)),
  ...differencesOf(plainPart(after), plainPart(before)).flatMap(({ path, live, desired }) => [
    ...(live === undefined ? [] : [`- ${path}: ${JSON.stringify(live)}`]),
    ...(desired === undefined ? [] : [`+ ${path}: ${JSON.stringify(desired)}`]),
  ]),
];

const keyLines = (field: string, before: Values, after: Values): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((key) => {
    const name = `${field}[${JSON.stringify(key)}]`;
    if (!before.has(key)) return [`+ ${name}: (hidden)`];
    if (!after.has(key)) return [`- ${name}: (hidden)`];
    return before.get(key) === after.get(key) ? [] : [`- ${name}: (hidden)`, `+ ${name}: (hidden)`];
  });

type Values = ReadonlyMap<string, string>;

/** Values as the API server would have them: `stringData` wins over `data`, in base64. */
const valuesOf = (secret: KubernetesObject | undefined): Values => {
  const data = entries(secret?.['data']).map(([key, value]): [string, string] => [key, canonical(value)]);
  const texts = entries(secret?.['stringData']).map(([key, value]): [string, string] => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  return new Map([...data, ...texts]);
};

const canonical = (value: unknown): string => Buffer.from(String(value), 'base64').toString('base64');

const annotationsOf = (secret: KubernetesObject | undefined): Values =>
  new Map(
    entries(secret?.metadata.annotations)
      .filter(([key]) => key !== LAST_APPLIED)
      .map(([key, value]) => [key, JSON.stringify(value)]),
  );

const entries = (value: unknown): [string, unknown][] => (isRecord(value) ? Object.entries(value) : []);

/** Type, labels, whether it is immutable: the parts that Kubernetes itself defines and that hold no value. */
const plainPart = (secret: KubernetesObject | undefined): Record<string, unknown> => {
  if (!secret) return {};
  const { labels } = secret.metadata;
  return {
    ...(secret['type'] === undefined ? {} : { type: secret['type'] }),
    ...(secret['immutable'] === undefined ? {} : { immutable: secret['immutable'] }),
    ...(labels ? { metadata: { labels } } : {}),
  };
};

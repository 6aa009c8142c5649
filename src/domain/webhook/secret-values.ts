import * as v from 'valibot';
import { permanent } from '../errors.ts';

const List = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.check((text) => text.trim() !== ''),
    ),
  ),
  v.minLength(1),
);

const parseList = (value: string): string[] | undefined => {
  try {
    const list = v.safeParse(List, JSON.parse(value));
    return list.success ? list.output : undefined;
  } catch {
    return undefined;
  }
};

/**
 * The webhook secrets in a secret's value: the value itself, or the strings of a JSON list while the secret is being
 * rotated (each valid). Errors: AppError `webhook-secret-empty`, `webhook-secret-invalid` (permanent), naming the
 * secret and never its value: an empty secret would let anybody in.
 */
export const parseWebhookSecrets = (name: string, value: string): string[] => {
  const text = value.trim();
  if (text === '') {
    throw permanent('webhook-secret-empty', `webhook secret ${name} is empty: give it a value, and the forge the same`);
  }
  if (!text.startsWith('[')) return [value];
  const list = parseList(text);
  if (list) return list;
  throw permanent(
    'webhook-secret-invalid',
    `webhook secret ${name} starts with [ but is no JSON list of non-empty strings: write it as ["current","previous"]`,
  );
};

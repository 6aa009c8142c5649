import { permanent } from '../../errors.ts';
import type { Params } from './application-set.ts';
import { renderFast } from './fast-template.ts';

/** Templates that are given the same params. */
export interface TemplateRequest {
  templates: readonly string[];
  params: Params;
  options: readonly string[];
}

/** One result a template, or why one of them fails; `missingKey`: because a param that it names is not there. */
export type TemplateAnswer = { results: string[] } | { error: string; missingKey?: boolean };

/** Renders Go templates with Argo CD's functions: one answer a request. Given from outside, since no JavaScript does it. */
export type RenderTemplates = (requests: readonly TemplateRequest[]) => TemplateAnswer[];

/** How a set's templates are rendered. */
export interface Rendering {
  goTemplate: boolean;
  goTemplateOptions: readonly string[];
  render: RenderTemplates;
}

/** Fails a set: AppError `application-set-invalid` (permanent). */
export const setError = (message: string): Error => permanent('application-set-invalid', message);

/** Renders texts with the same params. Errors: AppError `application-set-invalid` with the template's own words. */
export const renderTexts = (texts: readonly string[], params: Params, rendering: Rendering): string[] => {
  if (!rendering.goTemplate) return texts.map((text) => renderFast(text, params));
  const answer = ask(texts, params, rendering, rendering.goTemplateOptions);
  if ('error' in answer) throw setError(answer.error);
  return answer.results;
};

const ask = (
  texts: readonly string[],
  params: Params,
  { render }: Rendering,
  options: readonly string[],
): TemplateAnswer => {
  // A text without an action is its own result: most strings of an Application are.
  const templates = [...new Set(texts.filter((text) => text.includes('{{')))];
  if (templates.length === 0) return { results: [...texts] };
  const [answer] = render([{ templates, params, options }]);
  if (!answer) throw setError('the template renderer gave no answer');
  if ('error' in answer) return answer;
  const results = new Map(templates.map((template, index) => [template, answer.results[index] ?? '']));
  return { results: texts.map((text) => results.get(text) ?? text) };
};

/**
 * Renders a text as far as the params go: a text that names others stays as it is, for somebody who has them.
 * Errors: AppError `application-set-invalid` where the template fails for another reason.
 */
export const renderIfKnown = (text: string, params: Params, rendering: Rendering): string => {
  if (!rendering.goTemplate) return renderFast(text, params);
  const answer = ask([text], params, rendering, [...rendering.goTemplateOptions, 'missingkey=error']);
  if ('results' in answer) return answer.results[0] ?? text;
  if (answer.missingKey) return text;
  throw setError(answer.error);
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Renders every string within a value, the keys of mappings too. Nulls are left out, as Argo CD does. */
export const renderDeep = (value: unknown, params: Params, rendering: Rendering): unknown => {
  const texts = [...new Set(textsIn(value))];
  const rendered = renderTexts(texts, params, rendering);
  const results = new Map(texts.map((text, index) => [text, rendered[index] ?? text]));
  return replaceTexts(value, results);
};

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.entries(value).flatMap(([key, one]) => [key, ...textsIn(one)]) : [];
};

const replaceTexts = (value: unknown, results: ReadonlyMap<string, string>): unknown => {
  if (typeof value === 'string') return results.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => replaceTexts(one, results));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([key, one]) => [results.get(key) ?? key, replaceTexts(one, results)]));
};

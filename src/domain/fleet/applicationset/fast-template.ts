import type { Params } from './application-set.ts';

const TEMPLATED = /\{\{.*\}\}/;

/**
 * Argo CD's default templates: `{{name}}` becomes the param of that name if there is one and it is a string, and stays as
 * it is if not. Text with `{{` and no `}}` after it is no template.
 */
export const renderFast = (text: string, params: Params): string => {
  if (!TEMPLATED.test(text)) return text;
  return text.replaceAll(/\{\{([^]*?)\}\}/g, (tag, inner: string) => {
    const name = inner.trim();
    const value = name !== '' && Object.hasOwn(params, name) ? params[name] : undefined;
    return typeof value === 'string' ? value : tag;
  });
};

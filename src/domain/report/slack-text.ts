import { cutText } from './cut-text.ts';

/** Escapes Slack's three control characters, so that no name or commit message makes a mention or a link. */
export const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Cuts first and escapes then, so that no entity is cut in half; at most 5 times `limit` characters long. */
export const slackText = (text: string, limit: number): string => escapeSlack(cutText(text, limit));

/** A link; a URL that is not http(s) is left out, and a `|` or `>` in it cannot end it. */
export const slackLink = (url: string, text: string): string =>
  /^https?:\/\//i.test(url) ? `<${encodeURI(url).replaceAll('|', '%7C')}|${text}>` : text;

/** One line: control characters and runs of white space become one space. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();

/** At most `limit` UTF-16 units, ending in `…` where something was cut; never half a character. */
export const cutText = (text: string, limit: number): string => {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit - 1);
  return `${kept.replace(/[\ud800-\udbff]$/, '').trimEnd()}…`;
};

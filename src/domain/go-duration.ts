const UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/**
 * Milliseconds of a duration as Go writes it (`1h30m`, `1.5h`, `500ms`, `-2m`, `0`). Undefined: it is not one; there is no
 * unit for days. Source: https://pkg.go.dev/time#ParseDuration
 */
export const parseGoDuration = (text: string): number | undefined => {
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  let total = 0;
  let end = 0;
  for (const part of rest.matchAll(PART)) {
    total += Number(part[1]) * (UNITS[part[2] ?? ''] ?? 0);
    end = part.index + part[0].length;
  }
  return end === 0 || end !== rest.length ? undefined : sign * total;
};

/** A time span: ms, or text with its unit, such as `'500ms'`, `'30s'`, `'5m'`, `'24h'` or `'7d'`. */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The time span in ms; `undefined` if it is not one. Text without a unit counts as ms. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = 'ms'] =
    /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value.trim()) ?? [];
  if (amount === undefined) return undefined;
  return parseDuration(Number(amount) * (UNITS[unit] ?? 1));
}

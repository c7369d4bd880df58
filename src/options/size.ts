/** A size: bytes, or text with its unit, such as `'512kb'`, `'1mb'` or `'2gb'`; a kb has 1024 bytes. */
export type Size = number | string;

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
};

/** The size in bytes, rounded down; `undefined` if it is not one. Text without a unit counts as bytes. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? Math.floor(value) : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = 'b'] =
    /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/.exec(value.trim().toLowerCase()) ?? [];
  if (amount === undefined) return undefined;
  return parseSize(Number(amount) * (UNITS[unit] ?? 1));
}

/**
 * Whether an event, as JSON text, names one of these identifiers with its value.
 * Parses the event only if its text holds one of the values.
 */
export function namesIdentifier(
  payload: string,
  identifiers: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(identifiers);
  const inText = ([, value]: [string, string]) =>
    payload.includes(JSON.stringify(value).slice(1, -1));
  if (!wanted.some(inText)) return false;
  const { identifiers: own = {} } = JSON.parse(payload) as {
    identifiers?: Record<string, unknown>;
  };
  return wanted.some(
    ([name, value]) => Object.hasOwn(own, name) && own[name] === value,
  );
}

/**
 * Blacks out the event's identifier values in what ODP said of it, so that its
 * message can be logged.
 */
export function redactIdentifiers(message: string, payload: string): string {
  if (message === '') return message;
  const { identifiers } = JSON.parse(payload) as {
    identifiers: Readonly<Record<string, string>>;
  };
  return Object.values(identifiers).reduce(
    (text, value) =>
      text.replaceAll(new RegExp(escape(value), 'gi'), '[identifier]'),
    message,
  );
}

const escape = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

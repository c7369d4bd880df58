/** Names as programs have them. Anything else may be text of a customer's, such as an e-mail address. */
const NAME = /^[A-Za-z_$][\w$-]{0,63}$/;

/** Whether a text may stand in a message or log as a name. */
export const isName = (text: string): boolean => NAME.test(text);

/** What was thrown, for a message: the error's name, as long as it is one. Never throws. */
export function nameOfThrown(error: unknown): string {
  try {
    if (!(error instanceof Error)) return 'something other than an Error';
    const { name }: { readonly name: unknown } = error;
    return typeof name === 'string' && isName(name) ? name : 'an error';
  } catch {
    // A getter, or a proxy.
    return 'an error';
  }
}

/**
 * Where a field stands, in messages and logs. Fields are the caller's to name,
 * so one of them may be called by somebody's e-mail address.
 */
export const pathOf = (path: string, key: string): string =>
  isName(key)
    ? `${path}.${key}`
    : `${path}[a name of ${key.length} characters]`;

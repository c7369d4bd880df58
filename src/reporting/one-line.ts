/** Line breaks, control and bidirectional characters, and lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text on one line, with such characters escaped, so that no caller's text can forge a line. */
export const oneLine = (text: string): string =>
  text.replaceAll(
    UNSEEN,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );

/**
 * The facts at the end of a line, in a form that people and log processors read.
 * Values that could pass for more than one fact are quoted.
 */
export function factsOf(
  facts: Readonly<Record<string, string | number | undefined>>,
): string {
  const pairs = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${factOf(String(value))}`);
  return `[${pairs.join(' ')}]`;
}

const factOf = (value: string) =>
  /^[^\s="'[\]\\]+$/.test(value) ? value : JSON.stringify(value);

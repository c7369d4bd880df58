/** White space, and what no font shows, such as a zero-width space. */
const INVISIBLE = /[\s\p{Default_Ignorable_Code_Point}]/u;

const isVisibleAscii = (unit: number) => unit > 0x20 && unit < 0x7f;

/** Whether nothing of a text can be seen. */
export function isBlank(text: string): boolean {
  // Most texts show it by their first character.
  if (isVisibleAscii(text.charCodeAt(0))) return false;
  for (const character of text) {
    if (!INVISIBLE.test(character)) return false;
  }
  return true;
}

/** The text without invisible characters at its ends. */
export function trimInvisible(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isInvisible(text, start)) start++;
  while (end > start && isInvisible(text, end - 1)) end--;
  return text.slice(start, end);
}

const isInvisible = (text: string, at: number) =>
  !isVisibleAscii(text.charCodeAt(at)) && INVISIBLE.test(text.charAt(at));

/** Whether a field may be named so. */
export const isFieldName = (name: string) =>
  name !== '__proto__' && !isBlank(name) && name.isWellFormed();

export const BAD_NAME =
  'has a field whose name is blank, "__proto__" or malformed Unicode; name it otherwise';

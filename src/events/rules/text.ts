/** White space and invisible characters, such as a zero-width space. */
const INVISIBLE = /[\s\p{Default_Ignorable_Code_Point}]/u;

const isVisibleAscii = (unit: number) => unit > 0x20 && unit < 0x7f;

/** Whether a text has no visible character. */
export function isBlank(text: string): boolean {
  // Most texts have one at the start.
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

/** Whether a field may have this name. */
export const isFieldName = (name: string) =>
  name !== '__proto__' && !isBlank(name) && name.isWellFormed();

export const BAD_NAME =
  'has a field whose name is blank, "__proto__" or malformed Unicode; rename it';

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
  // Beyond its ends, nothing is invisible.
  while (isInvisible(text, start)) start++;
  while (isInvisible(text, end - 1)) end--;
  return text.slice(start, end);
}

const isInvisible = (text: string, at: number) =>
  !isVisibleAscii(text.charCodeAt(at)) && INVISIBLE.test(text.charAt(at));

/** Nearly all names, which need no closer look. */
const PLAIN_NAME = /^[A-Za-z][\w-]*$/;
/** At the ends, or nowhere to be seen: ODP would take it for another field. */
const MISLEADING = /^\s|\s$|\p{Default_Ignorable_Code_Point}/u;

/** Whether a field may be named so. */
export const isFieldName = (name: string) =>
  PLAIN_NAME.test(name) ||
  (name !== '' &&
    name !== '__proto__' &&
    !MISLEADING.test(name) &&
    name.isWellFormed());

export const BAD_NAME =
  'has a field whose name is blank, "__proto__" or malformed Unicode, or has white space at its ends or invisible characters; name it otherwise';

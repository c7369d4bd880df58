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
  return end - start === text.length ? text : text.slice(start, end);
}

const isInvisible = (text: string, at: number) =>
  !isVisibleAscii(text.charCodeAt(at)) && INVISIBLE.test(text.charAt(at));

/** At the ends, or nowhere to be seen: ODP would take it for another field. */
const MISLEADING = /^\s|\s$|\p{Default_Ignorable_Code_Point}/u;

/** Whether it is of ASCII letters, digits, `_` and `-`, as nearly all names are, which need no closer look. */
function isPlainName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (!isLetter(unit) && !isDigit(unit) && unit !== 0x5f && unit !== 0x2d) {
      return false;
    }
  }
  return true;
}

const isLetter = (unit: number) =>
  (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
const isDigit = (unit: number) => unit >= 0x30 && unit <= 0x39;

/** Whether a field may be named so. */
export const isFieldName = (name: string) =>
  name !== '' &&
  name !== '__proto__' &&
  (isPlainName(name) || (!MISLEADING.test(name) && name.isWellFormed()));

export const BAD_NAME =
  'has a field whose name is blank, "__proto__" or malformed Unicode, or has white space at its ends or invisible characters; name it otherwise';

/** Whether a text is empty or nothing but white space. */
export function isBlank(text: string): boolean {
  // A visible ASCII character at its start tells without looking any further.
  const first = text.charCodeAt(0);
  return !(first > 0x20 && first < 0x7f) && text.trim() === '';
}

/** Whether a field may be named so. */
export const isFieldName = (name: string) =>
  name !== '__proto__' && !isBlank(name) && name.isWellFormed();

export const BAD_NAME =
  'has a field whose name is blank, "__proto__" or malformed Unicode; name it otherwise';

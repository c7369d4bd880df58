const IDENTIFIER = '[identifier]';
/** Parts of a value of at least this many characters are recognised anywhere in a message. */
const PART = 6;
/** A message may have been cut within a value: this much of its beginning is recognised at the end. */
const MIN_CUT = 3;

/** What looks like somebody's identifier: an e-mail address, an id in hex, a telephone number. */
const LOOKS_LIKE_ONE = [
  /[^\s"'`<>()[\]{},;:=]+(?:@|%40)[^\s"'`<>()[\]{},;:=]+/gi,
  /(?<![0-9a-z])[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}(?![0-9a-z])/gi,
  /\d(?:[ ().-]{0,2}\d){7,}/g,
];

/**
 * Blacks out values in ODP's messages: whole, cut or escaped, in upper or lower
 * case. When in doubt it blacks out: a message that reads worse does no harm.
 */
export class Redactor {
  /** Values of fewer characters than {@link PART}. */
  readonly #short = new Set<string>();
  readonly #parts = new Set<string>();
  readonly #beginnings = new Set<string>();

  constructor(values: Iterable<string>) {
    for (const value of values) {
      for (const form of formsOf(value)) this.#add(fold(form));
    }
  }

  redact(message: string): string {
    const folded = fold(message);
    const black = new Uint8Array(message.length);
    const blacken = (from: number, count: number) =>
      black.fill(1, from, from + count);
    for (let at = 0; at + PART <= folded.length; at++) {
      if (this.#parts.has(folded.slice(at, at + PART))) blacken(at, PART);
    }
    for (const value of this.#short) {
      for (
        let at = folded.indexOf(value);
        at !== -1;
        at = folded.indexOf(value, at + 1)
      ) {
        if (standsAlone(folded, at, value.length)) blacken(at, value.length);
      }
    }
    const end = folded.replace(/[.…'"\s)\]}]*$/u, '').length;
    for (let count = MIN_CUT; count < PART; count++) {
      const from = Math.max(end - count, 0);
      if (this.#beginnings.has(folded.slice(from, end))) blacken(from, count);
    }
    for (const pattern of LOOKS_LIKE_ONE) {
      for (const { index, 0: found } of message.matchAll(pattern)) {
        blacken(index, found.length);
      }
    }
    return withBlack(message, black);
  }

  #add(form: string): void {
    if (form.length < PART) this.#short.add(form);
    for (let count = MIN_CUT; count < PART; count++) {
      if (form.length > count) this.#beginnings.add(form.slice(0, count));
    }
    for (let at = 0; at + PART <= form.length; at++) {
      this.#parts.add(form.slice(at, at + PART));
    }
  }
}

/** A value, and how JSON, a URL or HTML would write it. */
function formsOf(value: string): Set<string> {
  const json = JSON.stringify(value).slice(1, -1);
  return new Set([
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
    encodeURIComponent(value.toWellFormed()),
    encodeURIComponent(value.toWellFormed()).replaceAll('%20', '+'),
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  ]);
}

/** In lower case, except letters that would change their length. */
const fold = (text: string) =>
  text.replaceAll(/\p{Lu}/gu, (letter) => {
    const lower = letter.toLowerCase();
    return lower.length === letter.length ? lower : letter;
  });

/** Whether it is not part of a longer word or number. */
function standsAlone(text: string, at: number, count: number): boolean {
  const splits = (end: number) => {
    const pair = text.slice(Math.max(end - 1, 0), end + 1);
    return /^(?:\p{L}{2}|\p{N}{2})$/u.test(pair);
  };
  return !splits(at) && !splits(at + count);
}

function withBlack(message: string, black: Uint8Array): string {
  let text = '';
  for (let at = 0; at < message.length; at++) {
    if (black[at] === 0) text += message.charAt(at);
    else if (at === 0 || black[at - 1] === 0) text += IDENTIFIER;
  }
  return text;
}

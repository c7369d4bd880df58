/**
 * The longest event, in characters of JSON. ODP documents no limit on a body, so
 * this one only keeps a hostile payload from filling memory; with fields of at most
 * 1024 characters, hundreds fit.
 */
export const LONGEST_EVENT = 512 * 1024;

/** Whether a text is longer than a whole event may be. */
export const isTooLong = (text: string) => text.length > LONGEST_EVENT;

export const TOO_LONG = `must have at most ${LONGEST_EVENT} characters, like the event as a whole`;

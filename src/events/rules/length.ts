/**
 * The longest event, in characters of JSON. ODP documents no limit on a body, so
 * this one only keeps a hostile payload from filling memory; with fields of at most
 * 1024 characters, hundreds fit.
 */
export const MAX_EVENT_LENGTH = 512 * 1024;

/** Whether a text is longer than a whole event may be. */
export const isTooLong = (text: string) => text.length > MAX_EVENT_LENGTH;

export const TOO_LONG = `must have at most ${MAX_EVENT_LENGTH} characters, like the event as a whole`;

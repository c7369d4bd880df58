/**
 * The longest event, in characters of JSON. ODP documents no bound on a body,
 * so this one only keeps a hostile payload from filling memory; its fields of
 * at most 1024 characters leave room for hundreds.
 */
export const LONGEST_EVENT = 512 * 1024;

/** Whether a text alone is longer than an event may be. */
export const isTooLong = (text: string) => text.length > LONGEST_EVENT;

export const TOO_LONG = `must have at most ${LONGEST_EVENT} characters, as all of the event together`;

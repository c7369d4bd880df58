import { el } from './dom.js';

// One clock for the page: local time in full with date and zone, UTC on hover.

const digits = (value, length = 2) => String(value).padStart(length, '0');

/** How far local time is from UTC at this time, e.g. `+01:00`. */
export function offset(at) {
  const minutes = -at.getTimezoneOffset();
  const whole = Math.abs(minutes);
  const sign = minutes < 0 ? '-' : '+';
  return `${sign}${digits(Math.floor(whole / 60))}:${digits(whole % 60)}`;
}

const date = (at) =>
  `${at.getFullYear()}-${digits(at.getMonth() + 1)}-${digits(at.getDate())}`;

const clock = (at) =>
  `${digits(at.getHours())}:${digits(at.getMinutes())}:${digits(at.getSeconds())}`;

const milliseconds = (at) => `.${digits(at.getMilliseconds(), 3)}`;

/** The local date, by which lists notice that a day has begun. */
export const today = () => date(new Date());

/** A time in a list: the date only where it is not today's. */
export function shortTime(iso) {
  const at = new Date(iso);
  return timeElement(
    at,
    date(at) === today()
      ? clock(at) + milliseconds(at)
      : `${date(at).slice(5)} ${clock(at)}`,
  );
}

/** A time with everything that belongs to it. */
export function fullTime(iso) {
  const at = new Date(iso);
  const ms = at.getMilliseconds() === 0 ? '' : milliseconds(at);
  return timeElement(at, `${date(at)} ${clock(at)}${ms} ${offset(at)}`);
}

/** The current time of day, for notices. */
export const now = () => clock(new Date());

function timeElement(at, shown) {
  const utc = at.toISOString();
  return el(
    'time',
    { datetime: utc, title: `${utc.replace('T', ' ').replace('Z', '')} UTC` },
    shown,
  );
}

/** `data.ts` as a date, where it is one: epoch seconds, or ISO 8601. */
export function eventTime(value) {
  const isText = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value);
  if (typeof value !== 'number' && !isText) return undefined;
  const at = new Date(isText ? value : value * 1000);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

import type { OdpViolation } from '../errors/index.js';

/** Ends with the version of ODP's API, or an endpoint below it, such as `/v3/events`. */
const ENDPOINT = /\/v3(?:\/[\w-]*)*$/i;

/**
 * Checks where events are sent. The key travels there, so it must be https,
 * except on this machine or with `allowInsecureHost`.
 *
 * @returns the address without a trailing slash
 */
export function checkApiHost(
  value: unknown,
  allowInsecureHost: boolean,
  problems: OdpViolation[],
): string {
  const problem = (message: string) => {
    problems.push({ path: 'apiHost', message });
    return '';
  };
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return problem(
      'must be an absolute URL, such as https://api.us1.odp.optimizely.com',
    );
  }
  const url = new URL(value);
  if (
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    return problem('must hold no credentials, query or fragment');
  }
  if (ENDPOINT.test(url.pathname)) {
    return problem(
      'must not name the endpoint: leave out /v3 and what follows it, as each request adds its own path',
    );
  }
  if (url.protocol === 'https:') return withoutSlash(url);
  if (url.protocol !== 'http:') return problem('must be an https URL');
  if (allowInsecureHost || isLoopback(url.hostname)) return withoutSlash(url);
  return problem(
    'must be https, as the API key travels there; set allowInsecureHost: true if you do want plain http',
  );
}

const withoutSlash = ({ origin, pathname }: URL) =>
  `${origin}${pathname.replace(/\/+$/, '')}`;

/** Whether it names this machine. */
export const isLoopback = (hostname: string) =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127(\.\d{1,3}){3}$/.test(hostname);

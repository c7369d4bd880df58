import type { IncomingMessage } from 'node:http';

/** Whether this address only answers to its own machine. */
export function isLoopback(address: string): boolean {
  return (
    address === 'localhost' || address === '::1' || address.startsWith('127.')
  );
}

/**
 * Whether a `Host` header names this machine. A website whose name was pointed
 * at loopback (DNS rebinding) still sends its own name here.
 */
export function namesLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}

/**
 * Whether a browser says that another site makes this request. If it does
 * not send `Sec-Fetch-Site`, which no page can forge, its `Origin` tells.
 */
export function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin } = headers;
  return origin !== undefined && origin !== `http://${headers.host}`;
}

/**
 * Whether the request is declared as JSON: a form of another site cannot do
 * that without asking first, which is never granted.
 */
export function isJson({ headers }: IncomingMessage): boolean {
  return /^application\/json(?:\s*;|$)/i.test(headers['content-type'] ?? '');
}

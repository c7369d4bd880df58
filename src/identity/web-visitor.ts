import type { OdpRequest } from './odp-request.js';

/** The cookie starts with a hyphenated UUID; more may follow. */
const UUID_LENGTH = 36;
const VUID = /^[\da-f]{32}$/i;

/**
 * Identifies the caller by the `vuid` cookie of ODP's web tag, so that server
 * events join the visitor's web history. A malformed cookie is ignored.
 *
 * ```ts
 * identity: webVisitor()
 * identity: (request) => ({ ...webVisitor()(request), email: request.user?.email })
 * ```
 */
export function webVisitor(): (
  request: OdpRequest,
) => { vuid: string } | undefined {
  return ({ cookies }) => {
    const cookie: unknown = cookies.vuid;
    if (typeof cookie !== 'string') return undefined;
    const vuid = cookie.slice(0, UUID_LENGTH).replaceAll('-', '');
    return VUID.test(vuid) ? { vuid } : undefined;
  };
}

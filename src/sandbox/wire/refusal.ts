import type { OdpReceivedRequest } from '../state/received.js';
import { isObject } from '../check.js';

/** Why a request was refused, in the answer's own words; `undefined` when it says none. */
export function refusalOf({
  status,
  answer,
}: Pick<OdpReceivedRequest, 'status' | 'answer'>): string | undefined {
  if (status === undefined || status < 300) return undefined;
  const body = parsed(answer);
  if (!isObject(body)) return undefined;
  const detail = isObject(body['detail']) ? body['detail'] : {};
  const { invalids } = detail;
  if (Array.isArray(invalids)) return invalidsOf(invalids.filter(isObject));
  const message = detail['message'] ?? body['message'];
  return typeof message === 'string' ? message : undefined;
}

/** The first message, and how many more events were refused. */
function invalidsOf(
  invalids: readonly Record<string, unknown>[],
): string | undefined {
  const [first] = invalids;
  if (first === undefined) return undefined;
  const more =
    invalids.length === 1 ? '' : ` (and ${invalids.length - 1} more)`;
  return `event ${Number(first['event']) + 1}: ${String(first['message'])}${more}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

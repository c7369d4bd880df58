import { OdpApiError } from '../errors/index.js';
import { OdpCallError, type OdpCalls } from './odp-calls.js';
import { redactSent } from './redact-sent.js';

/** How a request about customers is made. */
export interface ProfileRequest {
  /** For all attempts together, in ms. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Awaited before each attempt but the first. */
  turn(ended: AbortSignal): Promise<void>;
}

/** Customers of one request, each as JSON text. */
export interface ProfileBatch extends ProfileRequest {
  readonly texts: readonly string[];
}

/** A customer of a batch that ODP refuses. */
export interface InvalidProfile {
  /** Its index in the batch. */
  readonly index: number;
  /** ODP's message, fit for logs. */
  readonly message: string;
}

const PATH = '/v3/profiles';
const ATTEMPTS = 4;
const NOT_FOUND = 404;

/**
 * Creates or updates customers. Repeating it does no harm.
 *
 * @returns the customers that ODP names as invalid; if any, whether it took the others is unknown
 * @throws OdpCallError
 */
export async function postProfiles(
  calls: OdpCalls,
  { texts, timeout, signal, turn }: ProfileBatch,
): Promise<readonly InvalidProfile[]> {
  const sent = () => texts.map((text) => JSON.parse(text) as unknown);
  try {
    await calls.call({
      kind: 'customers',
      method: 'POST',
      path: PATH,
      route: PATH,
      body: Buffer.from(`[${texts.join()}]`),
      timeout,
      signal,
      attempts: ATTEMPTS,
      idempotent: true,
      sent,
      turn,
    });
    return [];
  } catch (error) {
    if (!(error instanceof OdpCallError) || error.status !== 400) throw error;
    const invalids = invalidsOf(error.body, texts);
    if (invalids.length === 0) throw error;
    return invalids;
  }
}

/**
 * What ODP knows about a customer.
 *
 * @returns `undefined` if ODP does not know the customer
 * @throws OdpApiError
 */
export async function queryProfile(
  calls: OdpCalls,
  [name, value]: readonly [name: string, value: string],
  { timeout, signal, turn }: ProfileRequest,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const query = new URLSearchParams([[name, value]]);
  try {
    const { status, body } = await calls.call({
      kind: 'customers',
      method: 'GET',
      path: `${PATH}?${query.toString()}`,
      route: PATH,
      timeout,
      signal,
      attempts: ATTEMPTS,
      idempotent: true,
      sent: () => [value],
      turn,
    });
    const { attributes } = (body ?? {}) as { attributes?: unknown };
    if (
      typeof attributes === 'object' &&
      attributes !== null &&
      !Array.isArray(attributes)
    ) {
      return attributes as Record<string, unknown>;
    }
    const reason = 'the answer could not be read';
    throw new OdpApiError(`GET ${PATH}`, { status, reason });
  } catch (error) {
    if (!(error instanceof OdpCallError)) throw error;
    if (error.status === NOT_FOUND) return undefined;
    throw new OdpApiError(`GET ${PATH}`, error);
  }
}

/** `detail.invalids`: index and message, as ODP's answer about events has it. */
function invalidsOf(body: string, texts: readonly string[]): InvalidProfile[] {
  const found = new Map<number, InvalidProfile>();
  try {
    const { detail } = JSON.parse(body) as {
      detail: { invalids: readonly { event: unknown; message: unknown }[] };
    };
    for (const { event: index, message } of detail.invalids) {
      if (typeof index !== 'number' || !Number.isInteger(index)) continue;
      const text = texts[index];
      if (text === undefined || found.has(index)) continue;
      // Only its own values: redacting those of all others would take too long.
      const own = [JSON.parse(text) as unknown];
      found.set(index, { index, message: redactSent(message, own) });
    }
  } catch {
    // An answer of another shape names nobody.
  }
  return [...found.values()];
}

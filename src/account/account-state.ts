import {
  OdpNotEnabledError,
  OdpNotIntegratedError,
  OdpNotReadyError,
  type OdpError,
} from '../errors/index.js';

/**
 * Whether an account takes events. Refusals, health and logs all read it.
 *
 * - `disabled`: configured with `enabled: false`
 * - `notReady`: the integration has not answered yet
 * - `notIntegrated`: there is no API key, or the integration names no account
 * - `open`: events are taken and sent
 * - `closed`: the last flush has begun
 */
export type AccountState =
  'disabled' | 'notReady' | 'notIntegrated' | 'open' | 'closed';

/**
 * The error of an account in this state that refuses an event, or anything else; `undefined` if it does not.
 *
 * @param consequence what is not done, for the message; an event is discarded unless given
 */
export function refusalOf(
  state: AccountState,
  consequence?: string,
): OdpError | undefined {
  if (state === 'disabled') return new OdpNotEnabledError(consequence);
  if (state === 'notIntegrated') return new OdpNotIntegratedError(consequence);
  if (state === 'notReady')
    return new OdpNotReadyError('starting', consequence);
  if (state === 'closed') return new OdpNotReadyError('closed', consequence);
  return undefined;
}

/** Whether the error says that the account takes no events. Such errors are logged in any case. */
export const isRefusal = (error: unknown): error is OdpError =>
  error instanceof OdpNotEnabledError ||
  error instanceof OdpNotIntegratedError ||
  error instanceof OdpNotReadyError;

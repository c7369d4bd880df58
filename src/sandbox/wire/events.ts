import { isObject } from '../check.js';
import type { OdpSandboxEvent } from '../state/received.js';

/**
 * Reads an event: as received if its parts are objects, else with absent ones
 * empty. ODP documents one refusal, that of a missing type.
 */
export function readEvent(value: unknown): OdpSandboxEvent | string {
  if (!isObject(value)) return "missing 'type' field";
  const { type, identifiers, data } = value;
  if (typeof type !== 'string' || type === '') return "missing 'type' field";
  if (isObject(identifiers) && isObject(data)) {
    return value as unknown as OdpSandboxEvent;
  }
  return {
    ...value,
    type,
    identifiers: isObject(identifiers)
      ? (identifiers as OdpSandboxEvent['identifiers'])
      : {},
    data: isObject(data) ? data : {},
  };
}

import { Inject, type InjectionToken } from '@nestjs/common';
import { OdpService } from './odp.service.js';

/** The name of the account that was given none. */
export const DEFAULT_ACCOUNT = 'default';

const isDefault = (name: string | undefined) =>
  name === undefined || name === DEFAULT_ACCOUNT;

/** The injection token of an account's `OdpService`: the class itself for the account without a name. */
export function getOdpServiceToken(name?: string): InjectionToken<OdpService> {
  // Nest shows the token when nothing provides it, so it says what is missing.
  return isDefault(name)
    ? OdpService
    : `OdpService of OptimizelyOdpModule.forRoot({ name: '${name}' })`;
}

/** Injects the `OdpService` of a named account. */
export function InjectOdp(
  name?: string,
): ParameterDecorator & PropertyDecorator {
  return Inject(getOdpServiceToken(name));
}

/** @internal The injection token of the account behind the service. */
export function getOdpAccountToken(name?: string): string {
  return `OdpAccount(${name ?? DEFAULT_ACCOUNT})`;
}

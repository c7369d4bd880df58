/** Compiled by `npm run typecheck`, never run: an app says what its user holds. */
import type { OdpIdentity } from 'nestjs-optimizely-odp';

declare module 'nestjs-optimizely-odp' {
  interface OdpUser {
    readonly accountNumber?: string;
  }
}

export const identity: OdpIdentity = ({ user }) => {
  const known: string | undefined = user?.accountNumber;
  // @ts-expect-error another claim may be anything
  const other: string = user?.other;
  return { customer_id: known, email: other };
};

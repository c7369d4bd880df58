import { OdpOutboxError } from '../../errors/index.js';

/** @throws OdpOutboxError when the tables stem from a newer version of this package */
export function checkVersion(
  table: string,
  version: number,
  known: number,
): void {
  if (version <= known) return;
  throw new OdpOutboxError(
    `The outbox table "${table}" has version ${version}, and this version of nestjs-optimizely-odp supports ${known}. ` +
      'Update the package, or choose another table.',
  );
}

/** @param reason why the tables could not be created */
export const notMade = (
  table: string,
  reason: string,
  migrate: string,
  sql: string,
): OdpOutboxError =>
  new OdpOutboxError(
    `There is no outbox table "${table}", and it could not be created: ${reason} ` +
      `Create it with ${migrate}({ pool, table }) as a user who may, or with the SQL of ${sql}({ table }) in your own migrations.`,
  );

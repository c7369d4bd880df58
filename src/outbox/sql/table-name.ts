import { OdpConfigurationError } from '../../errors/index.js';

/** Postgres cuts names after 63 bytes, MySQL refuses more than 64; `_dead_letters` must fit as well. */
const MAX_LENGTH = 63 - '_dead_letters'.length;

const NAME = /^(?:([a-z_][a-z0-9_]{0,62})\.)?([a-z_][a-z0-9_]*)$/i;

/** The name of a table, safe in SQL, quoted or not. */
export interface TableName {
  /** In MySQL: the database. */
  readonly schema: string | undefined;
  readonly name: string;
}

/** What to say of one that is none. */
export const TABLE_NAME_PROBLEM = `must be a name such as 'odp_outbox' or 'shop.odp_outbox': letters, digits and _, at most ${MAX_LENGTH} of them`;

export const isTableName = (value: unknown): value is string =>
  typeof value === 'string' && nameOf(value) !== undefined;

/**
 * @param path of the option, such as `postgresOutbox.table`
 * @throws OdpConfigurationError when it is not a plain name, with or without a schema
 */
export function parseTableName(text: string, path: string): TableName {
  const name = nameOf(text);
  if (name === undefined) {
    throw new OdpConfigurationError([{ path, message: TABLE_NAME_PROBLEM }]);
  }
  return name;
}

function nameOf(text: string): TableName | undefined {
  const [, schema, name] = NAME.exec(text) ?? [];
  return name === undefined || name.length > MAX_LENGTH
    ? undefined
    : { schema, name };
}

/** The tables of an outbox, quoted for SQL. */
export interface TableNames {
  readonly events: string;
  readonly deadLetters: string;
  readonly outcomes: string;
  /** One row: the version of these tables. */
  readonly format: string;
}

/** @param quoted quotes a name the server's way */
export function tableNames(
  { schema, name }: TableName,
  quoted: (name: string) => string,
): TableNames {
  const prefix = schema === undefined ? '' : `${quoted(schema)}.`;
  return {
    events: prefix + quoted(name),
    deadLetters: prefix + quoted(`${name}_dead_letters`),
    outcomes: prefix + quoted(`${name}_outcomes`),
    format: prefix + quoted(`${name}_format`),
  };
}

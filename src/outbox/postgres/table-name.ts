import { OdpConfigurationError } from '../../errors/index.js';

/** Postgres cuts names after 63 bytes; `_dead_letters` must fit as well. */
const LONGEST = 63 - '_dead_letters'.length;

const NAME = /^(?:([a-z_][a-z0-9_]{0,62})\.)?([a-z_][a-z0-9_]*)$/i;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The tables of an outbox, quoted as they stand in SQL. */
export class TableName {
  readonly events: string;
  readonly deadLetters: string;
  readonly outcomes: string;
  /** The name of the index on dead letters' `id`, which lies in the table's own schema. */
  readonly deadIdIndex: string;

  constructor(schema: string | undefined, name: string) {
    const prefix = schema === undefined ? '' : `${quoted(schema)}.`;
    this.events = prefix + quoted(name);
    this.outcomes = prefix + quoted(`${name}_outcomes`);
    this.deadLetters = prefix + quoted(`${name}_dead_letters`);
    this.deadIdIndex = quoted(`${name}_dead_id`);
  }

  /** @throws OdpConfigurationError when it is no plain name, with or without a schema */
  static parse(text: string): TableName {
    const [, schema, name] = NAME.exec(text) ?? [];
    if (name === undefined || name.length > LONGEST) {
      throw new OdpConfigurationError([
        {
          path: 'postgresOutbox.table',
          message: `must be a name such as 'odp_outbox' or 'my_schema.odp_outbox': letters, digits and _, at most ${LONGEST} of them`,
        },
      ]);
    }
    return new TableName(schema, name);
  }
}

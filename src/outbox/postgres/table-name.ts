import {
  parseTableName,
  type TableName,
  tableNames,
  type TableNames,
} from '../sql/table-name.js';

const quoted = (name: string) => `"${name}"`;

export const parseTable = (text: string): TableName =>
  parseTableName(text, 'postgresOutbox.table');

export interface PostgresTableNames extends TableNames {
  /** The name of the index on dead letters' `id`, which lies in the table's own schema. */
  readonly deadIdIndex: string;
}

/** The tables of an outbox, quoted for SQL. */
export const namesOf = (table: TableName): PostgresTableNames => ({
  ...tableNames(table, quoted),
  deadIdIndex: quoted(`${table.name}_dead_id`),
});

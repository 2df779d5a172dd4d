// Copies of one index on several nodes: what each holds, what was asked of all of them, and which nodes there are.
import { type Migration, systemTable } from './migration.ts';

/** `wanted` counts how often somebody asked for this index to be brought up to date, `asked_by` is the node of the last. */
const WISHES = (integer: string) => `CREATE TABLE code_index_wishes (
  id TEXT PRIMARY KEY,
  wanted ${integer} NOT NULL,
  asked_by TEXT NOT NULL
)`;

const NODES = (integer: string) => `CREATE TABLE code_nodes (
  id TEXT PRIMARY KEY,
  seen_at ${integer} NOT NULL
)`;

/** A row is the copy of one node; `reached` is the wish that it fulfils, `owner` the process that writes it. */
const COLUMNS = (integer: string) => [
  "ALTER TABLE code_indexes ADD COLUMN node TEXT NOT NULL DEFAULT ''",
  `ALTER TABLE code_indexes ADD COLUMN reached ${integer} NOT NULL DEFAULT 0`,
  'ALTER TABLE code_indexes ADD COLUMN owner TEXT',
  'ALTER TABLE code_repositories ADD COLUMN commit_id TEXT',
];

const DOWN = [
  'ALTER TABLE code_repositories DROP COLUMN commit_id',
  'ALTER TABLE code_indexes DROP COLUMN owner',
  'ALTER TABLE code_indexes DROP COLUMN reached',
  'ALTER TABLE code_indexes DROP COLUMN node',
  'DROP TABLE code_nodes',
  'DROP TABLE code_index_wishes',
];

export const codeNodes: Migration = {
  id: 19,
  name: 'code-nodes',
  up: {
    sqlite: [...COLUMNS('INTEGER'), WISHES('INTEGER'), NODES('INTEGER')],
    postgres: [
      ...COLUMNS('BIGINT'),
      WISHES('BIGINT'),
      NODES('BIGINT'),
      ...systemTable('code_index_wishes'),
      ...systemTable('code_nodes'),
    ],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};

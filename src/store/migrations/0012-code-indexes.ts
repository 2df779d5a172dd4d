// What is known of each index of source code: the one durable record from which its readiness follows.
import { type Migration, systemTable } from './migration.ts';

const CODE_INDEXES = (integer: string) => `CREATE TABLE code_indexes (
  id TEXT PRIMARY KEY,
  root TEXT NOT NULL,
  scheme TEXT NOT NULL,
  generation ${integer} NOT NULL,
  files ${integer} NOT NULL,
  branch TEXT,
  commit_id TEXT,
  indexed_at ${integer},
  building_until ${integer},
  problem TEXT
)`;

const DOWN = ['DROP TABLE code_indexes'];

export const codeIndexes: Migration = {
  id: 12,
  name: 'code-indexes',
  up: {
    sqlite: [CODE_INDEXES('INTEGER')],
    postgres: [CODE_INDEXES('BIGINT'), ...systemTable('code_indexes')],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};

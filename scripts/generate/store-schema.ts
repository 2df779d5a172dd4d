// src/store/schema.*.sql: what all migrations together make, so that a change of the schema shows in the difference.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { migrateStore } from '../../src/store/open-store.ts';

const introduction = (database: string) =>
  `-- The store's schema on ${database} after all migrations. Made by \`npm run generate\`; not read by the product.\n`;

/** The SQLite schema. */
export async function renderSqliteSchema(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-schema-'));
  try {
    const path = join(directory, 'schema.db');
    await migrateStore({ kind: 'sqlite', path });
    const database = new DatabaseSync(path);
    const rows = database
      .prepare(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type = 'table' DESC, name",
      )
      .all();
    database.close();
    return introduction('SQLite') + rows.map(({ sql }) => `\n${sql};\n`).join('');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Where PostgreSQL is while the files are made; its user may create databases. */
const POSTGRES = process.env.QUAYSIDE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';

/** The PostgreSQL schema, or undefined where none answers. */
export async function renderPostgresSchema(): Promise<string | undefined> {
  const administrator = new pg.Client({ connectionString: POSTGRES, connectionTimeoutMillis: 3000 });
  try {
    await administrator.connect();
  } catch {
    // A machine without PostgreSQL can make every other file; CI has one and compares this one as well.
    return undefined;
  }
  const name = `quayside_schema_${randomBytes(6).toString('hex')}`;
  try {
    await administrator.query(`CREATE DATABASE ${name}`);
    const url = Object.assign(new URL(POSTGRES), { pathname: `/${name}` }).href;
    await migrateStore({ kind: 'postgres', url });
    return introduction('PostgreSQL') + (await describe(url)).replaceAll(name, 'quayside');
  } finally {
    await administrator.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await administrator.query(`DROP ROLE IF EXISTS ${name}_app`);
    await administrator.end();
  }
}

/** One query for each kind of thing; each row is one statement or remark. */
const PARTS: readonly string[] = [
  `SELECT format('CREATE TABLE %s (%s);', c.oid::regclass, string_agg(format(E'\\n  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
     CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')), ',' ORDER BY a.attnum) || E'\\n') AS text
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE n.nspname LIKE 'quayside%' AND c.relkind IN ('r', 'p') GROUP BY c.oid ORDER BY c.oid::regclass::text`,
  `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS text
   FROM pg_constraint WHERE connamespace::regnamespace::text LIKE 'quayside%' AND conrelid <> 0 ORDER BY conrelid::regclass::text, conname`,
  `SELECT pg_get_indexdef(i.indexrelid) || ';' AS text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname LIKE 'quayside%' AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid) ORDER BY c.relname`,
  `SELECT pg_get_functiondef(p.oid) || ';' AS text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname LIKE 'quayside%' ORDER BY p.proname`,
  `SELECT pg_get_triggerdef(t.oid) || ';' AS text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname LIKE 'quayside%' AND NOT t.tgisinternal ORDER BY t.tgname`,
  `SELECT format('ALTER TABLE %s %s;', c.oid::regclass, CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' ELSE 'ENABLE ROW LEVEL SECURITY' END) AS text
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'quayside%' AND c.relrowsecurity ORDER BY c.oid::regclass::text`,
  `SELECT format('CREATE POLICY %I ON %s USING (%s) WITH CHECK (%s);', polname, polrelid::regclass, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) AS text
   FROM pg_policy ORDER BY polrelid::regclass::text, polname`,
  `SELECT format('GRANT %s ON %s TO %I;', string_agg(privilege_type, ', ' ORDER BY privilege_type), table_schema || '.' || table_name, grantee) AS text
   FROM information_schema.role_table_grants WHERE table_schema LIKE 'quayside%' AND grantee LIKE '%\\_app' GROUP BY table_schema, table_name, grantee ORDER BY table_schema, table_name`,
];

async function describe(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=pg_catalog' });
  await client.connect();
  try {
    const parts: string[] = [];
    for (const part of PARTS) {
      const { rows } = await client.query(part);
      parts.push(rows.map(({ text }) => `${text}\n`).join(''));
    }
    return parts.map((part) => `\n${part}`).join('');
  } finally {
    await client.end();
  }
}

// Libraries that do the same in different languages: what stands for what when code moves from one to another.
import type { Translatable } from './constructs.ts';

type Row = Readonly<Record<Translatable, string>> & { readonly for: string };

const row = (purpose: string, names: Readonly<Record<Translatable, string>>): Row => ({
  for: purpose,
  ...names,
});

/** The first name of each cell is the one that is advised; the others are recognised too. */
const ROWS: readonly Row[] = [
  row('HTTP requests', {
    python: 'httpx requests aiohttp',
    typescript: 'undici axios node-fetch',
    java: 'java.net.http okhttp3',
    go: 'net/http',
    rust: 'reqwest hyper',
    c_sharp: 'System.Net.Http',
  }),
  row('HTTP servers', {
    python: 'fastapi flask django',
    typescript: 'fastify express',
    java: 'org.springframework',
    go: 'net/http github.com/gin-gonic/gin',
    rust: 'axum actix_web',
    c_sharp: 'Microsoft.AspNetCore',
  }),
  row('JSON', {
    python: 'json',
    typescript: 'JSON',
    java: 'com.fasterxml.jackson com.google.gson',
    go: 'encoding/json',
    rust: 'serde_json serde',
    c_sharp: 'System.Text.Json Newtonsoft.Json',
  }),
  row('logs', {
    python: 'logging structlog',
    typescript: 'pino winston',
    java: 'org.slf4j',
    go: 'log/slog log',
    rust: 'tracing log',
    c_sharp: 'Microsoft.Extensions.Logging',
  }),
  row('time', {
    python: 'datetime time',
    typescript: 'Date',
    java: 'java.time',
    go: 'time',
    rust: 'chrono std::time',
    c_sharp: 'System.DateTime',
  }),
  row('regular expressions', {
    python: 're',
    typescript: 'RegExp',
    java: 'java.util.regex',
    go: 'regexp',
    rust: 'regex',
    c_sharp: 'System.Text.RegularExpressions',
  }),
  row('hashes', {
    python: 'hashlib',
    typescript: 'node:crypto crypto',
    java: 'java.security',
    go: 'crypto/sha256 crypto',
    rust: 'sha2',
    c_sharp: 'System.Security.Cryptography',
  }),
  row('tests', {
    python: 'pytest unittest',
    typescript: 'vitest jest',
    java: 'org.junit',
    go: 'testing',
    rust: 'std::test',
    c_sharp: 'Xunit NUnit',
  }),
  row('concurrency', {
    python: 'asyncio threading',
    typescript: 'node:worker_threads',
    java: 'java.util.concurrent',
    go: 'sync golang.org/x/sync/errgroup',
    rust: 'tokio',
    c_sharp: 'System.Threading.Tasks',
  }),
  row('SQL', {
    python: 'sqlalchemy sqlite3 psycopg',
    typescript: 'pg better-sqlite3',
    java: 'java.sql',
    go: 'database/sql',
    rust: 'sqlx rusqlite',
    c_sharp: 'System.Data',
  }),
  row('schemas', {
    python: 'pydantic',
    typescript: 'zod',
    java: 'jakarta.validation',
    go: 'github.com/go-playground/validator',
    rust: 'validator',
    c_sharp: 'System.ComponentModel.DataAnnotations',
  }),
];

/** What an import stands for in another language; undefined for one that no row knows. */
export function equivalentOf(
  name: string,
  from: Translatable,
  to: Translatable,
): { readonly purpose: string; readonly advised: string } | undefined {
  const found = ROWS.find((one) => one[from].split(' ').some((known) => isOf(name, known)));
  const advised = found?.[to].split(' ')[0];
  return found === undefined || advised === undefined ? undefined : { purpose: found.for, advised };
}

function isOf(name: string, known: string): boolean {
  return name === known || (name.startsWith(known) && /^[./:]/.test(name.slice(known.length)));
}

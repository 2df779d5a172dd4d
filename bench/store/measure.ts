// Durable writes and reads of the store: `node bench/store/measure.ts [seconds]`. PostgreSQL where one answers.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStore, type StoreAddress } from '../../src/store/open-store.ts';
import { tenantStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';

const secondsEach = Number(process.argv[2] ?? 3);
const postgresUrl = process.env.QUAYSIDE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
const tenant = { tenant: 'default' };
/** An audit row has about this many bytes. */
const payload = JSON.stringify({ text: 'x'.repeat(300) });

const insert = tenantStatement(
  'bench.insert',
  'INSERT INTO jobs (tenant_id, id, kind, payload, status, run_at, attempts_max, created_at, updated_at) ' +
    "VALUES (:tenant, :id, 'bench', :payload, 'cancelled', 0, 1, 0, 0)",
);
const claim = tenantStatement(
  'bench.claim',
  "UPDATE jobs SET attempts = attempts + 1 WHERE tenant_id = :tenant AND id = :id AND status = 'cancelled'",
);
const get = tenantStatement(
  'bench.get',
  'SELECT id, payload FROM jobs WHERE tenant_id = :tenant AND id = :id',
);

interface Workload {
  readonly name: string;
  run(store: Store, index: number): Promise<unknown>;
}

const workloads: readonly Workload[] = [
  {
    name: 'insert',
    run: (store, index) => store.write(tenant, [{ statement: insert, values: { id: `i${index}`, payload } }]),
  },
  {
    name: 'insert+claim, both expected',
    run: (store, index) =>
      store.write(tenant, [
        { statement: insert, values: { id: `c${index}`, payload }, expect: 1 },
        { statement: claim, values: { id: `c${index}` }, expect: 1 },
      ]),
  },
  { name: 'point read', run: (store, index) => store.read(tenant, get, { id: `i${index % 1000}` }) },
];

async function measure(kind: string, store: Store): Promise<void> {
  for (const { name, run } of workloads) {
    for (const callers of [1, 16, 64]) {
      const figures = await closedLoop((index) => run(store, index), callers);
      console.log(
        `${kind.padEnd(9)} ${name.padEnd(28)} c=${String(callers).padEnd(3)} ${String(Math.round(figures.rate)).padStart(8)}/s` +
          `   p50 ${figures.p50.toFixed(2)} ms   p99 ${figures.p99.toFixed(2)} ms`,
      );
    }
  }
}

let lastIndex = 0;

async function closedLoop(work: (index: number) => Promise<unknown>, callers: number) {
  const times: number[] = [];
  const begun = performance.now();
  const end = begun + secondsEach * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) {
        const asked = performance.now();
        await work(lastIndex++);
        times.push(performance.now() - asked);
      }
    }),
  );
  const elapsed = performance.now() - begun;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { rate: (times.length / elapsed) * 1000, p50: at(0.5), p99: at(0.99) };
}

async function measureStore(address: StoreAddress): Promise<void> {
  const opening = performance.now();
  const store = await openStore(address);
  await store.close();
  const reopening = performance.now();
  const again = await openStore(address);
  const ready = performance.now();
  console.log(
    `${address.kind.padEnd(9)} opened and migrated in ${(reopening - opening).toFixed(1)} ms, opened again in ${(ready - reopening).toFixed(1)} ms`,
  );
  try {
    await measure(address.kind, again);
  } finally {
    await again.close();
  }
}

const directory = mkdtempSync(join(tmpdir(), 'quayside-bench-store-'));
try {
  await measureStore({ kind: 'sqlite', path: join(directory, 'quayside.db') });
} finally {
  rmSync(directory, { recursive: true, force: true });
}

const administrator = new pg.Client({ connectionString: postgresUrl, connectionTimeoutMillis: 3000 });
const isThere = await administrator.connect().then(
  () => true,
  () => false,
);
if (isThere) {
  const name = `quayside_bench_${randomBytes(6).toString('hex')}`;
  await administrator.query(`CREATE DATABASE ${name}`);
  try {
    await measureStore({
      kind: 'postgres',
      url: Object.assign(new URL(postgresUrl), { pathname: `/${name}` }).href,
    });
  } finally {
    await administrator.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await administrator.query(`DROP ROLE IF EXISTS ${name}_app`);
    await administrator.end();
  }
} else console.log('postgres  skipped: none answers');

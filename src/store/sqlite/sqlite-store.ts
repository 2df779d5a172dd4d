// The embedded store: one SQLite file, read on the main loop by prepared statements, written by one thread.
import { backup, type DatabaseSync, type StatementSync } from 'node:sqlite';
import { ANNOUNCE, createWatchers } from '../changes.ts';
import { bindValues, type Placeholders, sqlitePlaceholders } from '../placeholders.ts';
import { type Statement, systemStatement } from '../statement.ts';
import {
  type Scope,
  type Step,
  type StepResult,
  type Store,
  StoreConflict,
  StoreRefusal,
  StoreUnavailable,
} from '../store.ts';
import { openForReading } from './connection.ts';
import type { GroupOutcome, GroupStep } from './group.ts';
import { Writer } from './writer.ts';

/** Watchers hear within 1 s; a look costs microseconds. */
const POLL_MS = 250;
/** All pages in one step: a copy in several begins again whenever somebody writes between them. */
const BACKUP_PAGES = 0x7fff_ffff;

const CHANGES = systemStatement<{ topic: string; counter: number }>(
  'store.changes',
  'SELECT topic, counter FROM store_changes',
);

interface Known extends Placeholders {
  readonly id: number;
  reading: StatementSync | undefined;
}

export interface SqliteStoreOptions {
  /** A file whose schema is current. */
  readonly path: string;
  /** Takes what a watcher throws. */
  readonly onError: (error: unknown) => void;
}

/** Opens the file. Throws what SQLite reports. */
export function openSqliteStore({ path, onError }: SqliteStoreOptions): Store {
  const reader = openForReading(path);
  const statements = new Map<Statement<unknown>, Known>();
  const texts: string[] = [];
  const writer = new Writer(path, (id) => texts[id] ?? '');
  const changes = createChanges({ reader, read: (statement) => readRows('system', statement), onError });
  let isClosed = false;

  function knownOf(statement: Statement<unknown>): Known {
    let known = statements.get(statement);
    if (known === undefined) {
      known = { ...sqlitePlaceholders(statement), id: texts.length, reading: undefined };
      texts.push(known.text);
      statements.set(statement, known);
    }
    return known;
  }

  function readRows<Row>(scope: Scope, statement: Statement<Row>, values: Step['values'] = {}): Row[] {
    if (isClosed) throw new StoreUnavailable('The store is closed.');
    const known = knownOf(statement);
    const bound = bindValues(scope, statement, known.names, values);
    try {
      known.reading ??= reader.prepare(known.text);
      return parseRows(known.reading.all(...bound));
    } catch (error) {
      throw new StoreRefusal(statement.name, 'other', messageOf(error), { cause: error });
    }
  }

  function toGroupStep(scope: Scope, { statement, values, expect }: Step): GroupStep {
    const { id, names } = knownOf(statement);
    const bound = bindValues(scope, statement, names, values);
    return expect === undefined ? { statement: id, values: bound } : { statement: id, values: bound, expect };
  }

  return {
    async read(scope, statement, values) {
      return readRows(scope, statement, values);
    },
    async write(scope, steps) {
      const outcome = await writer.write(steps.map((step) => toGroupStep(scope, step)));
      const results = resultsOf(outcome, steps);
      if (steps.some(({ statement }) => statement === ANNOUNCE)) changes.look();
      return results;
    },
    watch: changes.watch,
    announce: (topic) => ({ statement: ANNOUNCE, values: { topic } }),
    problem: () => writer.problem(),
    async backup(to) {
      await backup(reader, to, { rate: BACKUP_PAGES });
    },
    async close() {
      if (isClosed) return;
      changes.close();
      await writer.close();
      isClosed = true;
      reader.close();
    },
  };
}

function resultsOf(outcome: GroupOutcome, steps: readonly Step[]): readonly StepResult[] {
  if ('results' in outcome) return outcome.results;
  if ('failed' in outcome) throw new StoreUnavailable(`The store could not be written: ${outcome.failed}`);
  if ('conflict' in outcome) throw new StoreConflict(nameOf(steps, outcome.conflict), outcome.conflict);
  throw new StoreRefusal(nameOf(steps, outcome.refused), outcome.reason, outcome.message);
}

function nameOf(steps: readonly Step[], index: number): string {
  return steps[index]?.statement.name ?? `step ${index}`;
}

/** Looks at SQLite's own change counter, and only when it moved at the topics. */
function createChanges(options: {
  readonly reader: DatabaseSync;
  readonly read: <Row>(statement: Statement<Row>) => Row[];
  readonly onError: (error: unknown) => void;
}): Pick<Store, 'watch'> & { look(): void; close(): void } {
  const version = options.reader.prepare('PRAGMA data_version');
  const watchers = createWatchers(options.onError);
  let seenVersion: unknown;
  let counters = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    if (timer === undefined) return;
    try {
      const current = version.get()?.data_version;
      if (current === seenVersion) return;
      const before = counters;
      counters = readCounters();
      seenVersion = current;
      for (const [topic, counter] of counters) if (before.get(topic) !== counter) watchers.tell(topic);
    } catch (error) {
      options.onError(error);
    }
  }

  function readCounters(): Map<string, number> {
    return new Map(options.read(CHANGES).map(({ topic, counter }) => [topic, counter]));
  }

  return {
    watch(topic, changed) {
      if (timer === undefined) {
        seenVersion = version.get()?.data_version;
        counters = readCounters();
        timer = setInterval(look, POLL_MS).unref();
      }
      return watchers.add(topic, changed);
    },
    look,
    close() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

/** The type of the rows is the declaration's promise; the database cannot know it. */
function parseRows<Row>(rows: unknown): Row[] {
  return rows as Row[];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

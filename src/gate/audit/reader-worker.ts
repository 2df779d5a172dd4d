// Reads the embedded audit file for whoever asks, so that neither calls nor their records wait for a long query.
import { parentPort, workerData } from 'node:worker_threads';
import { declaredStatements } from '../../store/statement.ts';
import type { ReadAnswer, ReadQuestion } from './reader-thread.ts';
import { openSqliteReading } from './sqlite-table.ts';
import './statements.ts';

const port = parentPort;
if (port === null) throw new Error('This module runs as a thread only.');
const reading = openSqliteReading(String(workerData));
const statements = new Map(declaredStatements().map((statement) => [statement.name, statement]));

port.on('message', async ({ id, scope, statement: name, values }: ReadQuestion) => {
  let answer: ReadAnswer;
  try {
    const statement = statements.get(name);
    if (statement === undefined) throw new Error(`There is no statement ${name}.`);
    answer = { id, rows: await reading.read(scope, { ...statement, row: {} }, values) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});

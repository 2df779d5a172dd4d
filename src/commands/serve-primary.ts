// `quayside serve` with several workers: this process starts them and holds no traffic, so it loads little.
import { fileURLToPath } from 'node:url';
import { startPrimaryApp } from '../app/primary-app.ts';
import type { AppSettings } from '../app/settings.ts';
import { TO_WORKER } from '../workers/messages.ts';
import { buildInfo } from './build-info.ts';
import type { Io } from './io.ts';
import { printReport, type ServeFlags, type StartReport } from './start-report.ts';

/** This process becomes the primary: it serves nothing itself. Resolves with the exit code. */
export async function servePrimary(
  { settings, notices }: { readonly settings: AppSettings; readonly notices: readonly string[] },
  flags: ServeFlags,
  io: Io,
): Promise<number> {
  const app = await startPrimaryApp({
    settings,
    build: buildInfo(),
    main: fileURLToPath(new URL(`../main${import.meta.filename.slice(-3)}`, import.meta.url)),
    words: wordsOf(settings, flags),
    signals: process,
  });
  // What kept the first worker from starting, it has said itself.
  if ('exitCode' in app) return app.exitCode;
  const report = parseReport(await app.spokesman.channel.ask(TO_WORKER.report, undefined, REPORT_WITHIN_MS));
  printReport(report, { flags, io, notices, workers: settings.workers });
  const code = await app.ended;
  setImmediate(() => process.exit(code));
  return code;
}

/** A first key is hashed and stored for the report. */
const REPORT_WITHIN_MS = 10_000;

/** The words that start a worker: what the primary was told, whoever started it and how. */
function wordsOf({ path, host, dataDirectory }: AppSettings, { port }: ServeFlags): readonly string[] {
  const flags = ['--host', host, '--data', dataDirectory];
  return ['serve', path, ...flags, ...(port === undefined ? [] : ['--port', String(port)])];
}

/** A worker is the same program. */
function parseReport(body: unknown): StartReport {
  return body as StartReport;
}

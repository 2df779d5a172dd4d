// One document that says what the process is doing: `/admin/diagnostics` and SIGUSR1 (spec operations §5).
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Clock } from '../clock.ts';
import type { ServiceLog } from '../telemetry/log/service-log.ts';
import type { Metrics } from '../telemetry/metrics/metrics.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { BuildInfo } from '../telemetry/telemetry.ts';
import type { JsonObject } from '../tool.ts';
import type { EventLoopMonitor } from './event-loop.ts';
import type { Health } from './health/health.ts';
import type { Lifecycle } from './lifecycle.ts';

/** What the document is collected from. */
export interface DiagnosticsDeps {
  readonly clock: Clock;
  readonly build: BuildInfo;
  readonly health: Health;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly log: ServiceLog;
  readonly redactor: Redactor;
  readonly eventLoop: EventLoopMonitor;
  /** The configuration in force; redacted here. */
  readonly configuration: () => unknown;
  /** Calls that are running: ids, tools, ages. Redacted here. */
  readonly activeRequests: () => readonly JsonObject[];
  /** State of pools and workers, with stacks where they can give one. Redacted here. */
  readonly pools: () => JsonObject;
}

/** The document; at most 20 MB as JSON. Takes some ten milliseconds of the event loop for the stacks. */
export async function collectDiagnostics(deps: DiagnosticsDeps): Promise<JsonObject> {
  const { redactor, lifecycle } = deps;
  const document = {
    time: new Date(deps.clock.now()).toISOString(),
    build: { ...deps.build, v8: process.versions.v8, platform: process.platform, arch: process.arch },
    process: processState(),
    lifecycle: { state: lifecycle.state(), step: lifecycle.step() },
    health: redactor.document(deps.health.report()),
    event_loop: { ...deps.eventLoop.current(), ...performance.eventLoopUtilization() },
    heap: { ...getHeapStatistics(), spaces: getHeapSpaceStatistics() },
    stacks: { main: redactor.document(mainStack()) },
    pools: redactor.document(deps.pools()),
    active_requests: redactor.document(deps.activeRequests()),
    configuration: redactor.document(deps.configuration()),
    log: { level: deps.log.levels.get(), problem: deps.log.problem() ?? null },
    metrics: (await deps.metrics.render()).text.split('\n'),
    recent_warnings: deps.log.recentWarnings().map(parseLine),
  };
  return withinLimit(document);
}

/** Owner only: the dump holds the configuration. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** A signal in a loop must not fill the disk. */
const FILES_MAX = 20;

/** Writes the document to `<directory>/<time>.json`, of a worker to `<time>-w<slot>.json`; resolves with that path. */
export async function dumpDiagnostics(
  deps: DiagnosticsDeps,
  directory: string,
  worker?: number,
): Promise<string> {
  const document = await collectDiagnostics(deps);
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const time = new Date(deps.clock.now()).toISOString().replaceAll(':', '-');
  const path = join(directory, `${time}${worker === undefined ? '' : `-w${worker}`}.json`);
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`, { mode: FILE_MODE });
  const dumps = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  for (const old of dumps.slice(0, -FILES_MAX)) await rm(join(directory, old), { force: true });
  return path;
}

function processState(): JsonObject {
  return {
    pid: process.pid,
    uptime_s: process.uptime(),
    memory: { ...process.memoryUsage() },
    resources: { ...process.resourceUsage() },
    handles: process.getActiveResourcesInfo().reduce<Record<string, number>>((counts, name) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    }, {}),
  };
}

/** The runtime's own report, without the environment and without name look-ups that could take seconds. */
function mainStack(): unknown {
  Object.assign(process.report, { excludeEnv: true, excludeNetwork: true });
  const report: unknown = process.report.getReport();
  if (typeof report !== 'object' || report === null || !('javascriptStack' in report)) return null;
  return report.javascriptStack;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line; // The log writes JSON; a line that is none is worth seeing as it is.
  }
}

const DOCUMENT_BYTES_MAX = 20 * 1000 * 1000;
/** Largest first, and least missed. */
const DISPENSABLE = ['metrics', 'configuration', 'recent_warnings', 'active_requests', 'pools'] as const;

function withinLimit(document: Readonly<Record<string, unknown>>): JsonObject {
  let fitting = document;
  for (const section of DISPENSABLE) {
    if (Buffer.byteLength(JSON.stringify(fitting)) <= DOCUMENT_BYTES_MAX) break;
    fitting = { ...fitting, [section]: '[left out: the document would exceed 20 MB]' };
  }
  return fitting;
}

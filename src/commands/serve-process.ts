// `quayside serve` in the process that serves. On the very first start it makes a key and shows it, once.
import { OPERATOR } from '../app/actor.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import { type HttpApp, startHttpApp } from '../app/http-app.ts';
import type { AppSettings } from '../app/settings.ts';
import { PlanError } from '../plan/compile.ts';
import { connectToPrimary, isWorkerProcess } from '../workers/cluster-process.ts';
import { TO_PRIMARY, TO_WORKER } from '../workers/messages.ts';
import { createWorkerLink, type WorkerLink } from '../workers/worker-link.ts';
import { buildInfo } from './build-info.ts';
import { EXIT, type Io, refuseStart } from './io.ts';
import { printReport, type ServeFlags } from './start-report.ts';

/** Resolves with the exit code when the process has stopped. */
export async function serveProcess(
  { settings, notices }: { readonly settings: AppSettings; readonly notices: readonly string[] },
  flags: ServeFlags,
  io: Io,
): Promise<number> {
  const worker = isWorkerProcess() ? await linkToPrimary() : undefined;
  let app: HttpApp;
  try {
    app = await startHttpApp({
      settings,
      build: buildInfo(),
      ...(worker === undefined ? {} : { worker }),
    });
  } catch (error) {
    if (error instanceof ConfigurationError || error instanceof PlanError)
      return refuseStart(io, linesOf(error));
    if (isAddressError(error)) return refuseAddress(io, error, settings.host);
    throw error;
  }
  const report = async () => {
    const key = await firstKey(app);
    return { key, url: `${app.origin}/mcp`, text: startReport(app, key), warnings: app.core.warnings };
  };
  // Of several workers one says it for all, when the primary asks.
  if (worker === undefined) printReport(await report(), { flags, io, notices });
  else {
    worker.channel.handle(TO_WORKER.report, report);
    worker.channel.tell(TO_PRIMARY.ready, Number(new URL(app.origin).port));
  }
  const code = await app.ended;
  // Handles that others keep open, such as a sample API, must not keep a stopped server alive.
  setImmediate(() => process.exit(code));
  return code;
}

async function linkToPrimary(): Promise<WorkerLink> {
  const connected = await connectToPrimary((error) => {
    throw error;
  });
  return createWorkerLink({ ...connected, source: process, exit: (code) => process.exit(code) });
}

function linesOf(error: ConfigurationError | PlanError): readonly string[] {
  return error instanceof ConfigurationError ? error.lines : error.message.split('\n');
}

interface AddressError extends Error {
  readonly code: string;
  readonly port?: number;
}

function isAddressError(error: unknown): error is AddressError {
  return (
    error instanceof Error &&
    'code' in error &&
    ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(String(error.code))
  );
}

function refuseAddress(io: Io, error: AddressError, host: string): number {
  const place = `${host}:${error.port ?? '?'}`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is in use by another process; stop it, or choose another port with --port or PORT.`,
    EACCES: `${place} may not be opened by this user; ports below 1024 need privileges, choose one with --port or PORT.`,
    EADDRNOTAVAIL: `${host} is no address of this machine; choose one with --host or HOST.`,
  };
  io.err(`${why[error.code] ?? error.message}\n`);
  return EXIT.unavailable;
}

/** Whoever starts a server that demands keys and has none needs one to begin with. */
async function firstKey(app: HttpApp): Promise<string | undefined> {
  const { ring, keyCommands } = app.core.identity;
  const { holder } = app.core.plans;
  const { security } = holder.current().defaultServer.definition;
  const demandsKeys = security.enabled && security.authentication?.enabled === true;
  if (!demandsKeys || ring.keys().length > 0 || (security.authentication?.apiKeys.length ?? 0) > 0)
    return undefined;
  return (await keyCommands.create(OPERATOR, { name: 'first start' })).key;
}

function startReport(app: HttpApp, key: string | undefined): string {
  const { ring } = app.core.identity;
  const { holder } = app.core.plans;
  const plan = holder.current();
  const { security, name } = plan.defaultServer.definition;
  const demandsKeys = security.enabled && security.authentication?.enabled === true;
  const shownKey = key ?? '<your key>';
  const url = `${app.origin}/mcp`;
  const headers = demandsKeys ? { headers: { Authorization: `Bearer ${shownKey}` } } : {};
  const snippet = JSON.stringify(
    { mcpServers: { [plan.defaultServer.slug]: { type: 'http', url, ...headers } } },
    null,
    2,
  );
  const servers = [...plan.servers.values()].map(
    (server) => `  ${app.origin}/mcp/${server.slug}  ${new Set(server.tools.values()).size} tools`,
  );
  const lines = [
    `Quayside serves ${JSON.stringify(name)}.`,
    '',
    `URL  ${url}`,
    ...(plan.servers.size > 1 ? servers : []),
    ...(key === undefined
      ? []
      : [`Key  ${key}`, '     This is the only time it is shown; only its hash is kept.']),
    ...(demandsKeys && key === undefined
      ? keyHint(
          ring
            .keys()
            .filter((stored) => stored.enabled)
            .map((stored) => stored.id),
        )
      : []),
    '',
    'For your MCP client:',
    snippet,
    '',
    'Try it:',
    tryLine(url, demandsKeys ? shownKey : undefined),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function keyHint(ids: readonly string[]): readonly string[] {
  const known =
    ids.length === 0 ? 'the keys of the definition' : `qs_${ids.slice(0, 3).join('_..., qs_')}_...`;
  return [`Key  ${known} (make another: bin/quayside keys create <name>)`];
}

function tryLine(url: string, key: string | undefined): string {
  const auth = key === undefined ? '' : ` -H 'Authorization: Bearer ${key}'`;
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/list',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  });
  return `curl -s ${url}${auth} -H 'Content-Type: application/json' -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/list' -d '${body}'`;
}

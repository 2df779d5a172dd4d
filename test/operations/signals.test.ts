// What a real process does on real signals.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const FIXTURE = fileURLToPath(new URL('./fixtures/service.ts', import.meta.url));
/** A process has to start, on a machine that may be busy. */
const TEST_MS = 30_000;

/** Asks until `check` no longer throws. */
function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: 10_000, interval: 20 });
}

let directory: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-signals-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

interface Service {
  readonly url: string;
  readonly process: ChildProcess;
  readonly exit: Promise<unknown>;
  readonly lines: () => Readonly<Record<string, unknown>>[];
}

async function start(env: Record<string, string> = {}): Promise<Service> {
  const started = spawn(process.execPath, [FIXTURE, directory], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let out = '';
  started.stdout.on('data', (chunk) => {
    out += chunk;
  });
  let port = '';
  started.stderr.on('data', (chunk) => {
    port += chunk;
  });
  await eventually(() => expect(port).toMatch(/^\d+\n/));
  return {
    url: `http://127.0.0.1:${port.trim()}`,
    process: started,
    exit: once(started, 'exit').then(([code]) => code),
    lines: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
  };
}

test(
  'SIGTERM: running calls finish, the order is kept, every line parses, exit 0',
  async () => {
    const service = await start();
    const slow = fetch(`${service.url}/slow`).then((response) => response.text());
    await eventually(async () => expect(await (await fetch(service.url)).text()).toBe('ready'));
    await eventually(() =>
      expect(service.lines()).toContainEqual(expect.objectContaining({ message: 'slow call begun' })),
    );
    service.process.kill('SIGTERM');
    await eventually(async () => expect(await (await fetch(service.url)).text()).toBe('draining'));
    expect(await slow).toBe('slow answer');
    expect(await service.exit).toBe(0);
    const lines = service.lines();
    expect(lines.map((line) => line.message)).toEqual([
      'slow call begun',
      'Stopping.',
      'Draining.',
      'no new sessions',
      'closing',
      'Stopped.',
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ message: 'closing', in_flight: 0 }));
  },
  TEST_MS,
);

test(
  'a second signal ends at once with exit 1',
  async () => {
    const service = await start();
    void fetch(`${service.url}/stuck`).catch(() => undefined);
    await eventually(() =>
      expect(service.lines()).toContainEqual(expect.objectContaining({ message: 'stuck' })),
    );
    service.process.kill('SIGTERM');
    await eventually(() =>
      expect(service.lines()).toContainEqual(expect.objectContaining({ message: 'Draining.' })),
    );
    service.process.kill('SIGINT');
    expect(await service.exit).toBe(1);
    expect(service.lines().at(-1)).toMatchObject({ level: 'warning', signal: 'SIGINT' });
  },
  TEST_MS,
);

test.skipIf(process.platform !== 'linux')(
  'P64: SIGUSR1 writes a dump for the owner only and opens no debugger',
  async () => {
    const service = await start();
    const before = listeningSockets(service.process.pid);
    service.process.kill('SIGUSR1');
    await eventually(() =>
      expect(service.lines()).toContainEqual(
        expect.objectContaining({ message: 'Diagnostics were written.' }),
      ),
    );
    const folder = join(directory, 'diagnostics');
    const [name = ''] = readdirSync(folder);
    const path = join(folder, name);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('hunter2');
    expect(JSON.parse(text)).toMatchObject({
      lifecycle: { state: 'ready' },
      health: { status: 'healthy' },
      active_requests: [{ tool: 'find', age_ms: 5 }],
      stacks: { main: { stack: expect.any(Array) } },
      heap: { total_heap_size: expect.any(Number) },
      metrics: expect.arrayContaining([expect.stringContaining('quayside_build_info')]),
    });
    expect(listeningSockets(service.process.pid)).toEqual(before);
  },
  TEST_MS,
);

test(
  'SIGUSR2 turns debug logging on, SIGHUP opens the log file anew',
  async () => {
    const file = join(directory, 'app.log');
    const service = await start({ LOG_FILE: file });
    service.process.kill('SIGUSR2');
    await eventually(() =>
      expect(service.lines()).toContainEqual(expect.objectContaining({ to: 'debug', from: 'info' })),
    );
    rmSync(file);
    service.process.kill('SIGHUP');
    await eventually(() => expect(readFileSync(file, 'utf8')).toContain('Reloaded.'));
  },
  TEST_MS,
);

test(
  'P62: the last lines before a crash are not lost',
  async () => {
    const service = await start();
    await fetch(`${service.url}/crash`).catch(() => undefined);
    expect(await service.exit).not.toBe(0);
    await eventually(() =>
      expect(service.lines()).toContainEqual(expect.objectContaining({ message: 'the last line' })),
    );
  },
  TEST_MS,
);

test(
  'a reader of the log that goes away ends the log and not the process',
  async () => {
    const service = await start({ LOG_LEVEL: 'debug' });
    service.process.stdout?.destroy();
    for (let index = 0; index < 3; index++) {
      service.process.kill('SIGUSR2');
      expect(await (await fetch(service.url)).text()).toBe('ready');
    }
    service.process.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  },
  TEST_MS,
);

/** Inodes of the TCP sockets that the process listens on, as the kernel shows them. */
function listeningSockets(pid: number | undefined): string[] {
  const listening = new Set(
    ['tcp', 'tcp6']
      .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const own = readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
  return own.filter((link) => listening.has(link)).sort();
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // The descriptor was closed between the listing and now.
  }
}

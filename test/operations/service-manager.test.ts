// What systemd would receive, read from a real datagram socket.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createServiceManager } from '../../src/operations/service-manager.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { requires } from '../support/requires.ts';

const isPossible = requires.tool('python3') && requires.tool('systemd-notify');

/** Prints one JSON string per datagram. Node has no datagram sockets of this family. */
const RECEIVER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(json.dumps(s.recv(4096).decode()), flush=True)
`;

let receiver: ChildProcess | undefined;
let directory: string | undefined;
afterEach(() => {
  receiver?.kill('SIGKILL');
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

async function listen(): Promise<{ readonly path: string; readonly messages: () => string[] }> {
  directory = mkdtempSync(join(tmpdir(), 'quayside-notify-'));
  const path = join(directory, 'notify');
  const started = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  receiver = started;
  let out = '';
  started.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 10_000 });
  return {
    path,
    messages: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => String(JSON.parse(line)).trim())
        // The tool waits until its message was read; that is between the two of them.
        .filter((message) => message !== 'BARRIER=1'),
  };
}

test.skipIf(!isPossible)(
  'P70: systemd is told of start, reload and stop, in this order',
  async () => {
    const { path, messages } = await listen();
    const { log, lines } = createKeptLog();
    const env = { NOTIFY_SOCKET: path, PATH: process.env.PATH };
    const manager = createServiceManager({ env, clock: createFakeClock(), log, pid: 1 });
    void manager.ready('Serving 2 servers');
    void manager.reloading();
    void manager.ready('Serving\n3 servers');
    await manager.stopping();
    await vi.waitFor(() => expect(messages()).toHaveLength(4), { timeout: 10_000 });
    expect(messages()).toEqual([
      'READY=1\nSTATUS=Serving 2 servers',
      expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/),
      'READY=1\nSTATUS=Serving 3 servers',
      'STOPPING=1\nSTATUS=Draining',
    ]);
    expect(lines).toEqual([]);
  },
  30_000,
);

test.skipIf(!isPossible)(
  'P70: the watchdog is fed at half its time, and not after the end',
  async () => {
    const { path, messages } = await listen();
    const clock = createFakeClock();
    const { log } = createKeptLog();
    const env = { NOTIFY_SOCKET: path, PATH: process.env.PATH, WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' };
    const manager = createServiceManager({ env, clock, log, pid: 7 });
    const pings = () => messages().filter((message) => message === 'WATCHDOG=1');
    await manager.ready('Serving');
    await clock.pass(14_999);
    expect(pings()).toHaveLength(0);
    await clock.pass(1);
    await vi.waitFor(() => expect(pings()).toHaveLength(1), { timeout: 10_000 });
    await manager.status('Fed');
    await clock.pass(15_000);
    await vi.waitFor(() => expect(pings()).toHaveLength(2), { timeout: 10_000 });
    manager.close();
    await clock.pass(60_000);
    await manager.status('Closed');
    expect(pings()).toHaveLength(2);
  },
  30_000,
);

test('without a socket nothing is started', async () => {
  const { log, lines } = createKeptLog();
  const manager = createServiceManager({
    env: {},
    clock: createFakeClock(),
    log,
    pid: 1,
    command: '/nonexistent',
  });
  await manager.ready('Serving');
  expect(lines).toEqual([]);
});

test('a tool that is missing is told of once and holds nothing up', async () => {
  const { log, lines } = createKeptLog();
  const env = { NOTIFY_SOCKET: '/nonexistent/notify' };
  const manager = createServiceManager({
    env,
    clock: createFakeClock(),
    log,
    pid: 1,
    command: '/nonexistent',
  });
  await manager.ready('Serving');
  await manager.stopping();
  expect(lines).toEqual([expect.objectContaining({ level: 'warning', command: '/nonexistent' })]);
});

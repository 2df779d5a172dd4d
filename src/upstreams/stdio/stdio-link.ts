// JSON-RPC over the standard streams of a child process, one message per line (MCP, stdio).
import type { Clock } from '../../clock.ts';
import { createLineReader } from '../../line-reader.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import { atTurnEnd } from '../../turn.ts';
import { MESSAGE_BYTES_MAX } from '../bounds.ts';
import { Correlator } from '../rpc/correlator.ts';
import type { Link, LinkEvents, LinkRequest } from '../rpc/link.ts';
import { UpstreamError } from '../upstream-error.ts';
import {
  endProcess,
  killRest,
  type ProcessCommand,
  startProcess,
  type UpstreamProcess,
} from './process-group.ts';
import { createStderrLog } from './stderr-log.ts';

/** Bytes that wait for an upstream that does not read; beyond, requests are refused. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
/** How long the pipe of an ended process may take to run dry. */
const DRAIN_MS = 500;

export interface StdioLinkOptions {
  readonly command: ProcessCommand;
  readonly events: LinkEvents;
  readonly log: Log;
  readonly clock: Clock;
}

/** Starts the process. That it cannot be started is told by `events.lost`, and by every request. */
export class StdioLink implements Link {
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #child: UpstreamProcess;
  readonly #correlator: Correlator;
  /** Messages of this turn: a write wakes the process, which costs more than what it reads. */
  #unsent = '';
  #gone: UpstreamError | undefined;
  #closing: Promise<void> | undefined;

  constructor({ command, events, log, clock }: StdioLinkOptions) {
    this.#clock = clock;
    this.#events = events;
    const send = (message: string) => this.#send(message);
    const sendRequest = (_: number, message: string) => this.#send(message);
    this.#correlator = new Correlator({ send, cancel: send, sendRequest }, events);
    this.#child = startProcess(command);
    this.#follow(log);
  }

  request(request: LinkRequest): Promise<JsonObject> {
    return this.#gone === undefined ? this.#correlator.request(request) : Promise.reject(this.#gone);
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    this.#send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  close(): Promise<void> {
    this.#flush();
    this.#closing ??= endProcess(this.#child, this.#clock).then(() => {
      this.#correlator.failAll(new UpstreamError('ended', 'The upstream was closed.'));
    });
    return this.#closing;
  }

  #follow(log: Log): void {
    const child = this.#child;
    child.on('error', (cause) =>
      this.#lose(new UpstreamError('unavailable', 'The upstream cannot be started.', { cause })),
    );
    child.on('exit', (code, signal) => {
      const cause = `exit code ${code}, signal ${signal}`;
      const ended = () => this.#lose(new UpstreamError('ended', 'The upstream has ended.', { cause }));
      killRest(child);
      // Its last answers may still be in the pipe, which something that left the group may also keep open.
      child.once('close', ended);
      this.#clock.after(DRAIN_MS, ended);
    });
    // A closed pipe is told by the end of the process; by itself it must not be an unhandled error.
    child.stdin.on('error', () => undefined);
    child.stdout.on(
      'data',
      createLineReader({
        maxBytes: MESSAGE_BYTES_MAX,
        onLine: (line) => this.#receive(line),
        onOversize: () => {
          this.#events.noise('a message that is too large');
          const error = new UpstreamError('too_large', 'The answer of the upstream is too large.');
          this.#correlator.failOnly(error);
        },
      }),
    );
    child.stderr.on('data', createStderrLog(log, this.#clock));
  }

  #send(message: string): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (this.#child.stdin.writableLength + this.#unsent.length > UNREAD_BYTES_MAX)
      throw new UpstreamError('busy', 'The upstream does not read what it is sent.');
    if (this.#unsent === '') atTurnEnd(() => this.#flush());
    this.#unsent += `${message}\n`;
  }

  #flush(): void {
    const unsent = this.#unsent;
    this.#unsent = '';
    if (unsent === '') return;
    // After the end of stdin nobody reads it: an upstream that is being closed is told no more.
    if (this.#child.stdin.writable) this.#child.stdin.write(unsent);
  }

  #receive(line: Buffer): void {
    if (this.#gone !== undefined) return;
    let message: unknown;
    try {
      message = JSON.parse(line.toString('utf8'));
    } catch {
      // Many servers print a banner: one line that is no JSON must not end them all.
      this.#events.noise('a line that is no JSON');
      return;
    }
    // Revision 2025-03-26 has batches.
    if (Array.isArray(message)) for (const one of message) this.#correlator.receive(one);
    else this.#correlator.receive(message);
  }

  #lose(error: UpstreamError): void {
    if (this.#gone !== undefined) return;
    this.#gone = error;
    this.#correlator.failAll(error);
    if (this.#closing === undefined) this.#events.lost(error);
  }
}

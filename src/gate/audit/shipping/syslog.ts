// Records as syslog messages (RFC 5424) over TCP with octet counting (RFC 6587) or UDP (RFC 5426).
import { createSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { presentRecord } from '../query.ts';
import type { AuditRecord } from '../record.ts';
import type { Receiver } from './shipper.ts';

/** RFC 5424 §6.2.1: log audit. */
const FACILITY = 13;
const SEVERITY: Readonly<Record<string, number>> = { success: 6, warning: 4, failure: 3 };
/** A datagram holds no more; what is cut is in the log itself. */
const DATAGRAM_BYTES_MAX = 60_000;
const CONNECT_MS = 5000;
/** A receiver that reads nothing for this long is away. */
const SEND_MS = 10_000;

/** `tcp://host:port` or `udp://host:port`; delivery over UDP is nobody's promise. */
export function createSyslogReceiver(address: string): Receiver {
  const { protocol, hostname: host, port } = new URL(address);
  const bare = host.replace(/^\[|\]$/g, '');
  return protocol === 'udp:'
    ? udpReceiver(address, bare, Number(port))
    : tcpReceiver(address, bare, Number(port));
}

/** One message: header, no structured data, the record as JSON. */
export function syslogMessage(record: AuditRecord): string {
  const priority = FACILITY * 8 + (SEVERITY[record.result] ?? 5);
  const time = new Date(record.createdAt).toISOString();
  // MSGID is at most 32 characters of printable ASCII.
  const id = record.eventType.replace(/[^\x21-\x7e]/g, '_').slice(0, 32);
  return `<${priority}>1 ${time} ${hostname()} quayside ${process.pid} ${id} - ${JSON.stringify(presentRecord(record))}`;
}

function tcpReceiver(name: string, host: string, port: number): Receiver {
  let socket: Socket | undefined;
  const drop = () => {
    socket?.destroy();
    socket = undefined;
  };
  return {
    name,
    async send(records) {
      socket ??= await open(host, port, drop);
      const frames = records.map((record) => {
        const message = syslogMessage(record);
        return `${Buffer.byteLength(message)} ${message}`;
      });
      try {
        await write(socket, frames.join(''));
      } catch (error) {
        drop();
        throw error;
      }
    },
    close: () => void socket?.end(),
  };
}

function open(host: string, port: number, lost: () => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    socket.unref();
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.on('close', lost);
      resolve(socket);
    });
    socket.once('timeout', () => socket.destroy(new Error('The syslog receiver does not answer.')));
    socket.on('error', reject);
    // Nothing is expected back; reading is how an ended connection is noticed.
    socket.resume();
  });
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The syslog receiver takes nothing.')), SEND_MS);
    socket.write(text, (error) => {
      clearTimeout(timer);
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

function udpReceiver(name: string, host: string, port: number): Receiver {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').unref();
  // Reported by the send that it belongs to.
  socket.on('error', () => undefined);
  return {
    name,
    async send(records) {
      for (const record of records) {
        const message = Buffer.from(syslogMessage(record)).subarray(0, DATAGRAM_BYTES_MAX);
        await new Promise<void>((resolve, reject) => {
          socket.send(message, port, host, (error) => (error === null ? resolve() : reject(error)));
        });
      }
    },
    close: () => socket.close(),
  };
}

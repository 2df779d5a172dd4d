// Stage 1a: refuses foreign Host and Origin headers, the defence against DNS rebinding
// (MCP 2026-07-28 streamable HTTP: servers MUST validate Origin; spec servers §7).
import { hostname } from 'node:os';
import { QuaysideError } from '../errors.ts';
import type { Exchange, GateServer, RequestStage } from './stage.ts';

export interface HostStageOptions {
  /** Address that the listener binds to. */
  readonly bindHost: string;
  /** `QUAYSIDE_PUBLIC_URL`: its host and origin are allowed. */
  readonly publicUrl?: string;
  /** `ALLOWED_HOSTS`: further host names, with or without a port. */
  readonly allowedHosts: readonly string[];
}

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const WILDCARD_BINDS = new Set(['0.0.0.0', '::', '']);

/**
 * Allowed hosts come from the bind address, `publicUrl`, `ALLOWED_HOSTS` and `security.hosts`; allowed origins
 * are the http and https origins of those hosts plus `security.cors`. Refuses with `host_refused`, whose
 * message names the setting to add.
 */
export function hostStage(options: HostStageOptions): RequestStage {
  return {
    name: 'host',
    prepare(server) {
      const allowed = allowedNames(options, server);
      return {
        name: 'host',
        enter(exchange) {
          if (exchange.transport === 'stdio') return undefined;
          return refuseHost(exchange, allowed) ?? refuseOrigin(exchange, allowed);
        },
      };
    },
  };
}

interface AllowedNames {
  /** Host names without port, lower case; every port of them is allowed. */
  readonly hosts: ReadonlySet<string>;
  /** `host:port` where the operator named a port. */
  readonly authorities: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

function allowedNames(options: HostStageOptions, server: GateServer): AllowedNames {
  const hosts = new Set(LOOPBACK_HOSTS);
  const authorities = new Set<string>();
  const origins = new Set<string>();
  if (WILDCARD_BINDS.has(options.bindHost)) hosts.add(hostname().toLowerCase());
  else hosts.add(bracketed(options.bindHost.toLowerCase()));
  if (options.publicUrl !== undefined) {
    const url = new URL(options.publicUrl);
    hosts.add(url.hostname);
    origins.add(url.origin);
  }
  for (const name of [...options.allowedHosts, ...(server.definition.security.hosts ?? [])]) {
    const lower = name.toLowerCase();
    if (hasPort(lower)) authorities.add(lower);
    else hosts.add(bracketed(lower));
  }
  for (const origin of server.definition.security.cors ?? [])
    origins.add(origin.replace(/\/$/, '').toLowerCase());
  return { hosts, authorities, origins };
}

function refuseHost(exchange: Exchange, allowed: AllowedNames): QuaysideError | undefined {
  const host = exchange.headers.host;
  if (host === undefined) return refusal('Host', '(none)', 'send a Host header');
  if (isAllowedAuthority(host.toLowerCase(), allowed)) return undefined;
  return refusal('Host', host, `add ${JSON.stringify(host)} to security.hosts or ALLOWED_HOSTS`);
}

function refuseOrigin(exchange: Exchange, allowed: AllowedNames): QuaysideError | undefined {
  const origin = exchange.headers.origin;
  if (origin === undefined) return undefined;
  const lower = origin.toLowerCase();
  if (allowed.origins.has(lower)) return undefined;
  const authority = /^https?:\/\/([^/]+)$/.exec(lower)?.[1];
  if (authority !== undefined && isAllowedAuthority(authority, allowed)) return undefined;
  return refusal('Origin', origin, `add ${JSON.stringify(origin)} to security.cors`);
}

function isAllowedAuthority(authority: string, allowed: AllowedNames): boolean {
  if (allowed.authorities.has(authority)) return true;
  const colon = hasPort(authority) ? authority.lastIndexOf(':') : authority.length;
  return allowed.hosts.has(authority.slice(0, colon));
}

function hasPort(authority: string): boolean {
  return (
    /:\d+$/.test(authority) &&
    (authority.includes(']') || authority.indexOf(':') === authority.lastIndexOf(':'))
  );
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function refusal(header: string, value: string, fix: string): QuaysideError {
  const shown = value.slice(0, 200);
  return new QuaysideError('host_refused', {
    message: `${header} ${JSON.stringify(shown)} is not allowed: ${fix}.`,
    data: { reason: header.toLowerCase(), fix },
  });
}

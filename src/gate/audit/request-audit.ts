// Events of requests that never became an operation: refused by address, host, size or credential, or just let in.
import type { QuaysideError } from '../../errors.ts';
import type { Principal } from '../../tool.ts';
import type { GateEvents } from '../events.ts';
import type { Exchange } from '../stage.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import { userOf } from './call-entry.ts';
import type { AuditEntry } from './entry.ts';

/** Addresses of one principal that are remembered; beyond it, it is recorded again. */
const ADDRESSES_MAX = 100;

/** What each stage's refusal is called; `validation_failed` for a body that is none. */
const EVENTS: Readonly<Record<string, string>> = {
  host: 'security.violation',
  'client-address': 'security.violation',
  'ip-allowlist': 'security.violation',
  body: 'validation_failed',
  'ip-limit': 'ratelimit.exceeded',
};

/**
 * The part of the gate's events that the audit log takes. Who is let in is recorded once per principal and address,
 * not for every request: the calls themselves are.
 */
export function createRequestAudit(
  record: (entry: AuditEntry) => void,
): Required<Pick<GateEvents, 'refused' | 'admitted' | 'limitWarning'>> {
  const known = new WeakMap<Principal, Set<string>>();
  return {
    refused(stage, error, exchange) {
      record({
        ...ofExchange(exchange),
        eventType: eventOf(stage, error),
        result: 'failure',
        metadata: { stage, error: { code: error.code, message: error.message }, ...pathOf(exchange) },
      });
    },
    admitted(exchange, principal) {
      const addresses = known.get(principal);
      if (addresses?.has(exchange.clientAddress)) return;
      if (addresses === undefined || addresses.size >= ADDRESSES_MAX)
        known.set(principal, new Set([exchange.clientAddress]));
      else addresses.add(exchange.clientAddress);
      record({
        ...ofExchange(exchange),
        ...ofPrincipal(principal),
        eventType: 'authentication.success',
        result: 'success',
        metadata: { type: principal.type, id: principal.id },
      });
    },
    limitWarning({ scope, limit, principal }) {
      record({
        ...ofPrincipal(principal),
        eventType: 'ratelimit.warning',
        result: 'warning',
        action: 'limit',
        resourceType: 'limit',
        resourceId: scope,
        metadata: { limit, id: principal.id },
      });
    },
  };
}

/** What the record needs of a session. */
interface AuditedSession {
  readonly id: string;
  readonly core: { readonly principal: Principal; readonly slug: string };
}

/** Sessions of the legacy era, from their beginning to their end. */
export function createSessionAudit(record: (entry: AuditEntry) => void) {
  const entryOf = ({ id, core }: AuditedSession) => ({
    ...ofPrincipal(core.principal),
    result: 'success' as const,
    resourceType: 'session',
    resourceId: core.slug,
    sessionId: id,
  });
  return {
    started: (session: AuditedSession) =>
      record({ ...entryOf(session), eventType: 'session.created', action: 'initialize' }),
    ended: (seconds: number, session: AuditedSession) =>
      record({
        ...entryOf(session),
        eventType: 'session.terminated',
        action: 'end',
        durationMs: seconds * 1000,
      }),
  };
}

/** Who did it, for an entry. */
export function ofPrincipal(principal: Principal) {
  return {
    tenantId: principal.tenantId,
    userId: userOf(principal),
    apiKeyName: principal.type === 'key' ? principal.name : undefined,
  };
}

function eventOf(stage: string, error: QuaysideError): string {
  if (stage !== 'credential') return EVENTS[stage] ?? 'security.violation';
  if (error.code === 'address_refused') return 'security.violation';
  return error.data?.reason === 'missing' ? 'authentication.missing' : 'authentication.failure';
}

function ofExchange(exchange: Exchange) {
  return {
    tenantId: DEFAULT_TENANT,
    action: exchange.method,
    resourceType: 'request',
    requestId: exchange.requestId,
    // Before the proxies are judged there is only the peer.
    ipAddress: exchange.clientAddress === '' ? exchange.peerAddress : exchange.clientAddress,
    userAgent: exchange.headers['user-agent'],
  };
}

function pathOf({ path }: Exchange) {
  return { path: path.slice(0, 512) };
}

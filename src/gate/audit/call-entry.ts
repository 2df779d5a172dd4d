// One call as an entry; a class so that every one of them has the same shape.
import { InputRequiredSignal, QuaysideError } from '../../errors.ts';
import type { Operation, Outcome, Principal } from '../../tool.ts';
import type { AuditEntry } from './entry.ts';

/** How a call ended, in the words of governance §8.1. */
export interface Ending {
  readonly eventType: string;
  readonly result: AuditEntry['result'];
  readonly error?: { readonly code: string; readonly message: string };
}

export class CallEntry implements AuditEntry {
  readonly eventType: string;
  readonly result: AuditEntry['result'];
  readonly tenantId: string;
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly userId: string | undefined;
  readonly apiKeyName: string | undefined;
  readonly toolName: string | undefined;
  readonly sessionId: string | undefined;
  readonly permissions: readonly string[];
  readonly requestId: string;
  readonly ipAddress: string;
  readonly userAgent: string | undefined;
  readonly durationMs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly arguments: unknown;
  readonly sensitive: boolean | undefined;

  constructor(operation: Operation, ending: Ending, server: { slug: string; includeSensitiveData: boolean }) {
    const { principal, kind, name } = operation;
    this.eventType = ending.eventType;
    this.result = ending.result;
    this.tenantId = principal.tenantId;
    this.action = operation.method;
    this.resourceType = kind;
    this.resourceId = name;
    this.userId = userOf(principal);
    this.apiKeyName = principal.type === 'key' ? principal.name : undefined;
    this.toolName = kind === 'tool' ? name : undefined;
    this.sessionId = operation.sessionId;
    this.permissions = operation.permission.anyOf;
    this.requestId = operation.requestId;
    this.ipAddress = operation.clientAddress;
    this.userAgent = operation.userAgent;
    this.durationMs = performance.now() - operation.startedAt;
    this.metadata =
      ending.error === undefined ? { server: server.slug } : { server: server.slug, error: ending.error };
    this.arguments = kind === 'tool' ? operation.args : undefined;
    this.sensitive = server.includeSensitiveData ? true : undefined;
  }
}

/** Who it is, where the principal is a person. */
export function userOf(principal: Principal): string | undefined {
  return principal.userId ?? (principal.type === 'token' ? principal.id : undefined);
}

const EXECUTED: Ending = { eventType: 'tool.executed', result: 'success' };
const REPLAYED: Ending = { eventType: 'tool.replayed', result: 'success' };
const HANDLER_ERROR: Ending = { eventType: 'tool.failed', result: 'failure' };
/** The call goes on when the client has answered; that the handler ran is recorded all the same. */
const WAITING: Ending = {
  eventType: 'tool.executed',
  result: 'warning',
  error: { code: 'input_required', message: 'The handler asked the client for input.' },
};

/** The terminal event of a call. */
export function endingOfCall(outcome: Outcome): Ending {
  if (!outcome.ok) {
    if (outcome.error instanceof InputRequiredSignal) return WAITING;
    return endingOfRefusal(outcome) ?? { ...HANDLER_ERROR, error: describe(outcome.error) };
  }
  if (isReplay(outcome.result)) return REPLAYED;
  return isError(outcome.result) ? HANDLER_ERROR : EXECUTED;
}

/** The event of a refusal by permission or limit; undefined for every other ending. */
export function endingOfRefusal(outcome: Outcome): Ending | undefined {
  if (outcome.ok || outcome.refusedBy === undefined) return undefined;
  const error = describe(outcome.error);
  if (outcome.refusedBy === 'permission')
    return { eventType: 'authorization.denied', result: 'failure', error };
  if (error.code === 'rate_limited') return { eventType: 'ratelimit.exceeded', result: 'failure', error };
  return undefined;
}

function describe(error: Error): { readonly code: string; readonly message: string } {
  return { code: error instanceof QuaysideError ? error.code : 'internal', message: error.message };
}

function isError(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'isError' in result && result.isError === true;
}

function isReplay(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('_meta' in result)) return false;
  const meta = result._meta;
  return (
    typeof meta === 'object' &&
    meta !== null &&
    'quayside/replayed' in meta &&
    meta['quayside/replayed'] === true
  );
}

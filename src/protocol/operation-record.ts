// The operation as the gate sees it; a class so that every one of them has the same shape.
import type { Target } from '../gate/stage.ts';
import type { JsonObject, Operation, OperationKind, Permission, Principal } from '../tool.ts';
import type { Invocation } from './invocation.ts';
import { isObject } from './messages.ts';
import type { RequestContext } from './request-context.ts';

export class OperationRecord implements Operation {
  readonly kind: OperationKind;
  readonly name: string;
  readonly method: string;
  readonly permission: Permission;
  args: JsonObject;
  readonly principal: Principal;
  readonly onBehalfOf?: string;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly userAgent?: string;
  readonly protocolVersion: string;
  readonly sessionId?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly httpTraceparent?: string;
  readonly startedAt: number;
  readonly answerHeaders: Record<string, string>;
  readonly meta: JsonObject | undefined;
  readonly headers: RequestContext['headers'];
  idempotencyKey: string | undefined = undefined;
  runsToEnd = false;
  trace: Operation['trace'] = undefined;
  slot: { end(): void } | undefined = undefined;

  constructor(target: Target, invocation: Invocation, args: JsonObject) {
    const { context, channel } = invocation;
    this.kind = target.kind;
    this.name = target.name;
    this.method = invocation.method;
    this.permission = target.permission;
    this.args = args;
    this.principal = context.principal;
    if (context.onBehalfOf !== undefined) this.onBehalfOf = context.onBehalfOf;
    this.requestId = context.requestId;
    this.clientAddress = context.clientAddress;
    const userAgent = context.headers?.['user-agent'];
    if (userAgent !== undefined) this.userAgent = userAgent;
    this.protocolVersion = channel.protocolVersion;
    if (channel.sessionId !== undefined) this.sessionId = channel.sessionId;
    const fromHeader = context.headers?.traceparent;
    if (invocation.traceparent !== undefined) {
      this.traceparent = invocation.traceparent;
      if (invocation.tracestate !== undefined) this.tracestate = invocation.tracestate;
      if (typeof fromHeader === 'string') this.httpTraceparent = fromHeader;
    } else if (typeof fromHeader === 'string') {
      this.traceparent = fromHeader;
      const state = context.headers?.tracestate;
      if (typeof state === 'string') this.tracestate = state;
    }
    this.startedAt = context.startedAt;
    this.answerHeaders = context.answerHeaders;
    const { _meta } = invocation.params;
    this.meta = isObject(_meta) ? _meta : undefined;
    this.headers = context.headers;
  }
}

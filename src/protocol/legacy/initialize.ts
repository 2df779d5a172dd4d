// How a legacy session begins: the client names a revision and what it can do (MCP lifecycle, initialization).
import { QuaysideError } from '../../errors.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { JsonObject } from '../../tool.ts';
import type { Dispatcher } from '../dispatch.ts';
import type { CodecChannel } from '../invocation.ts';
import { isObject, type RpcRequest } from '../messages.ts';
import type { RequestContext } from '../request-context.ts';
import { isLegacyRevision, LATEST_LEGACY_REVISION, type LegacyRevision } from '../revisions.ts';

/** What a client said of itself; an unknown revision is answered with the latest. */
export interface Initialization {
  readonly protocolVersion: LegacyRevision;
  readonly capabilities: JsonObject;
}

/**
 * Reads an initialize request and passes it through the gate: opening sessions is limited like calling, per address
 * and per server (governance §6.1). Rejects with `invalid_params` or what the gate refuses.
 */
export async function openSession(
  dispatcher: Dispatcher,
  server: ServerPlan,
  request: RpcRequest,
  context: RequestContext,
): Promise<Initialization> {
  const initialization = parseInitialize(request);
  const { method, params } = request;
  const channel = new SilentChannel(initialization.protocolVersion);
  const invocation = { server, method, params, context, channel, cancellation: context };
  const outcome = await dispatcher.govern(invocation, 'initialize', () => undefined);
  if (!outcome.ok) throw outcome.error;
  return initialization;
}

function parseInitialize({ params }: RpcRequest): Initialization {
  const { protocolVersion, capabilities } = params;
  if (typeof protocolVersion !== 'string') {
    throw new QuaysideError('invalid_params', {
      message: '`protocolVersion` must be a string.',
      data: { field: 'protocolVersion' },
    });
  }
  return {
    protocolVersion: isLegacyRevision(protocolVersion) ? protocolVersion : LATEST_LEGACY_REVISION,
    capabilities: isObject(capabilities) ? capabilities : {},
  };
}

/** Before there is a session there is nobody to talk to. */
class SilentChannel implements CodecChannel {
  readonly protocolVersion: string;

  constructor(protocolVersion: string) {
    this.protocolVersion = protocolVersion;
  }

  attach(): void {
    // Nothing that runs here can be ended early.
  }

  log(): void {
    // No level was set yet.
  }

  requestInput(): Promise<never> {
    return Promise.reject(new QuaysideError('capability_missing'));
  }

  supports(): boolean {
    return false;
  }

  closeStream(): void {
    // No stream is open.
  }

  notify(): void {
    // Nothing changes by opening a session.
  }
}

// The order of the gate, in two arrays (governance §1). Steps of the specification that have no runtime yet are
// named where they will stand; a definition that asks for one of them does not start.
import type { QuaysideError } from '../errors.ts';
import type { CallObserver, ObservedTarget } from '../telemetry/observer.ts';
import { approvalStage } from './approval/approval-stage.ts';
import type { Approvals } from './approval/approvals.ts';
import { argumentsStage } from './arguments-stage.ts';
import { type AuditStageDeps, auditStage } from './audit/audit-stage.ts';
import { bodyStage } from './body.ts';
import { cacheStage } from './cache/cache-stage.ts';
import type { ResponseCache } from './cache/response-cache.ts';
import { clientAddressStage } from './client-address.ts';
import { type CredentialStageDeps, credentialStage } from './credential/credential-stage.ts';
import type { GateEvents } from './events.ts';
import { type HostStageOptions, hostStage } from './host.ts';
import { type IdempotencyDeps, idempotencyStages } from './idempotency/idempotency-stages.ts';
import { ipAllowlistStage } from './ip-allowlist.ts';
import { concurrencyStage } from './limits/concurrency-stage.ts';
import { ipLimitStage } from './limits/ip-limit-stage.ts';
import { limitStage } from './limits/limit-stage.ts';
import type { Limiter } from './limits/limiter.ts';
import type { SharedSlots } from './limits/shared-slots.ts';
import { observeStage } from './observe-stage.ts';
import { outputStage } from './output-stage.ts';
import { permissionStage } from './permission/permission-stage.ts';
import { rolloutStage, type SamplerFor } from './rollout-stage.ts';
import type { RunningOperations } from './running-operations.ts';
import type { Exchange, OperationStage, PreparedStage, RequestStage } from './stage.ts';
import { type TenantStageDeps, tenantStage } from './tenant/tenant-stage.ts';

/** What the stages work with. */
export interface GateDeps {
  readonly host: HostStageOptions;
  /** `QUAYSIDE_IP_ALLOWLIST`. */
  readonly ipAllowlist: readonly string[];
  readonly limiter: Limiter;
  readonly credential: Omit<CredentialStageDeps, 'events'>;
  readonly tenants: TenantStageDeps['tenants'];
  readonly events: GateEvents;
  /** Places that several workers have together; absent: this process counts alone. */
  readonly sharedSlots?: SharedSlots | undefined;
  /** Operations that run now. */
  readonly running: RunningOperations;
  readonly observerFor: (target: ObservedTarget) => CallObserver;
  /** Operations whose every line of the log is wanted. */
  readonly debugged?: NonNullable<PreparedStage['around']>;
  readonly audit: AuditStageDeps['log'];
  /** Takes the calls of versions that are on trial. */
  readonly samplerFor?: SamplerFor;
  /** Where people let calls happen. */
  readonly approvals?: Approvals;
  /** Where answers are kept. */
  readonly cache?: ResponseCache;
  /** Where keys are reserved. */
  readonly idempotency?: IdempotencyDeps;
}

/** What every request passes before its body means anything: steps 1 to 6. */
export function requestStages(deps: GateDeps): readonly RequestStage[] {
  const stages = [
    hostStage(deps.host),
    clientAddressStage,
    ipAllowlistStage(deps.ipAllowlist),
    bodyStage,
    ipLimitStage(deps),
    credentialStage({ ...deps.credential, events: deps.events }),
    tenantStage(deps),
  ];
  return stages.map((stage) => countRefusals(stage, deps.events));
}

/** What every operation passes, outermost first: steps 7 to 13. Step 12, the handler's timeout, is in plan/deadline.ts. */
export function operationStages(deps: GateDeps): readonly OperationStage[] {
  const once = idempotencyStages(deps.idempotency);
  return [
    observeStage(deps),
    // Step 13: outside permission, so that refusals are recorded too.
    auditStage({ log: deps.audit }),
    permissionStage,
    // Before the limits: a call that finds no slot uses up none of them, and a slot is given back.
    concurrencyStage(deps.events, deps.sharedSlots),
    limitStage(deps),
    once.key,
    argumentsStage,
    once.replay,
    cacheStage(deps.cache),
    approvalStage(deps.approvals),
    once.reserve,
    rolloutStage(deps.samplerFor),
    outputStage,
  ];
}

/** Every refusal is counted under the name of its stage, and told with its request; so is who was let in. */
function countRefusals(stage: RequestStage, events: GateEvents): RequestStage {
  const isLast = stage.name === 'credential';
  const judged = (refusal: QuaysideError | undefined, exchange: Exchange) => {
    if (refusal !== undefined) {
      events.denied(stage.name, refusal.code);
      events.refused?.(stage.name, refusal, exchange);
    } else if (isLast && exchange.principal !== undefined) events.admitted?.(exchange, exchange.principal);
    return refusal;
  };
  return {
    name: stage.name,
    prepare(server) {
      const prepared = stage.prepare(server);
      if (prepared === undefined) return undefined;
      return {
        ...prepared,
        enter(exchange) {
          const entered = prepared.enter(exchange);
          return entered instanceof Promise
            ? entered.then((refusal) => judged(refusal, exchange))
            : judged(entered, exchange);
        },
      };
    },
  };
}

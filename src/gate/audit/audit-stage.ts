// Step 13: one terminal event for every call; a write is recorded before it is answered, or it is not made.
import type { Operation, Outcome, Principal } from '../../tool.ts';
import type { GateServer, OperationStage, PreparedStage, Target } from '../stage.ts';
import { CallEntry, type Ending, endingOfCall, endingOfRefusal } from './call-entry.ts';
import { createEventFilter, type EventFilter } from './event-filter.ts';
import type { RunningAuditLog } from './running-log.ts';
import { auditUnavailable } from './unavailable.ts';

export interface AuditStageDeps {
  /** Undefined in a process that records nothing; a definition that demands a record is then refused. */
  readonly log: Pick<RunningAuditLog, 'record' | 'commit' | 'problem'> | undefined;
}

interface Recording {
  readonly log: NonNullable<AuditStageDeps['log']>;
  readonly wants: EventFilter;
  readonly server: { readonly slug: string; readonly includeSensitiveData: boolean };
}

/** Refuses a write with `audit_unavailable` while it could not be recorded, unless `onFailure` is `continue`. */
export function auditStage({ log }: AuditStageDeps): OperationStage {
  return {
    name: 'audit',
    prepare(target, server) {
      const { security } = server.definition;
      if (log === undefined || !security.enabled || !security.audit.enabled) return undefined;
      const recording = {
        log,
        wants: createEventFilter(security.audit),
        server: { slug: server.slug, includeSensitiveData: security.audit.includeSensitiveData },
      };
      if (target.kind === 'tool') return prepareTool(recording, target, server);
      return isAdministration(target) ? prepareAdministration(recording) : prepareRefusals(recording);
    },
  };
}

function prepareTool(recording: Recording, target: Target, server: GateServer): PreparedStage {
  const { log, wants } = recording;
  const isWrite = target.tool?.annotations.readOnlyHint !== true;
  const mustRecord = isWrite && server.definition.security.audit.onFailure !== 'continue';
  const granted = createGrants(recording);
  const leave = (operation: Operation, outcome: Outcome): Outcome | Promise<Outcome> => {
    granted(operation, outcome);
    const ending = endingOfCall(outcome);
    if (!wants(ending.eventType, ending.result)) return outcome;
    const entry = new CallEntry(operation, ending, recording.server);
    const isRefused = !outcome.ok && outcome.refusedBy !== undefined;
    if (!isWrite || isRefused) {
      log.record(entry);
      return outcome;
    }
    return log.commit(entry).then(
      () => outcome,
      // The record is kept and stored later; what the caller must not hear is that all is well.
      (cause): Outcome => (mustRecord ? { ok: false, error: auditUnavailable(cause) } : outcome),
    );
  };
  if (!mustRecord) return { name: 'audit', leave };
  return {
    name: 'audit',
    enter: () => (log.problem() === undefined ? undefined : auditUnavailable()),
    leave,
  };
}

/** A principal's first call that permission lets through is `authorization.granted`; its calls are recorded anyway. */
function createGrants({ log, wants, server }: Recording): (operation: Operation, outcome: Outcome) => void {
  if (!wants('authorization.granted', 'success')) return () => undefined;
  const known = new WeakSet<Principal>();
  return (operation, outcome) => {
    if (known.has(operation.principal) || (!outcome.ok && outcome.refusedBy === 'permission')) return;
    known.add(operation.principal);
    const ending: Ending = { eventType: 'authorization.granted', result: 'success' };
    const { arguments: _, ...entry } = new CallEntry(operation, ending, server);
    log.record(entry);
  };
}

/** Prompts, resources, lists and reading routes: only their refusals are events. */
function prepareRefusals({ log, wants, server }: Recording): PreparedStage {
  return {
    name: 'audit',
    leave(operation, outcome) {
      const ending = endingOfRefusal(outcome);
      if (ending !== undefined && wants(ending.eventType, ending.result))
        log.record(new CallEntry(operation, ending, server));
      return outcome;
    },
  };
}

function prepareAdministration({ log, wants, server }: Recording): PreparedStage {
  return {
    name: 'audit',
    leave(operation, outcome) {
      const done: Ending = outcome.ok
        ? { eventType: 'admin.action', result: 'success' }
        : { eventType: 'admin.action', result: 'failure' };
      const ending = endingOfRefusal(outcome) ?? done;
      if (wants(ending.eventType, ending.result)) log.record(new CallEntry(operation, ending, server));
      return outcome;
    },
  };
}

/** Routes that change the process itself; parts with events of their own record those. */
function isAdministration({ kind, name }: Target): boolean {
  return kind === 'route' && !name.startsWith('GET ') && name.includes(' /admin/');
}

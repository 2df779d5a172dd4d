// Step 11: a tool that demands it runs only after a person has let this very call happen.
import { InputRequiredSignal } from '../../errors.ts';
import type { Operation, ToolResult } from '../../tool.ts';
import type { GateServer, OperationStage, PreparedStage, Target, Verdict } from '../stage.ts';
import { reachingStore } from '../store-failure.ts';
import type { ApprovableCall, Approval, Approvals } from './approvals.ts';

/** Carries the approval's id, in requests and in answers. */
export const APPROVAL_META = 'quayside/approval';

/** Applies to tools with `approval.required`. Without approvals such a tool cannot be served. */
export function approvalStage(approvals: Approvals | undefined): OperationStage {
  return {
    name: 'approval',
    prepare(target, server) {
      const approval = server.definition.tools.find(({ name }) => name === target.tool?.name)?.approval;
      if (target.tool === undefined || approval?.required !== true) return undefined;
      if (approvals === undefined)
        throw new Error(`The tool ${target.name} demands approvals, and there are none.`);
      const { ttl, byRequester } = approval;
      return prepareApproval(approvals, callMaker(target, server, { ttlMs: ttl * 1000, byRequester }));
    },
  };
}

function prepareApproval(
  approvals: Approvals,
  callOf: (operation: Operation) => ApprovableCall,
): PreparedStage {
  const used = new WeakMap<Operation, string>();
  return {
    name: 'approval',
    enter: (operation) =>
      reachingStore('approvals', async () => {
        const call = callOf(operation);
        const handle = operation.meta?.[APPROVAL_META];
        // A model cannot write `_meta`: the call itself, made again by the same caller, says which approval is meant.
        const given = typeof handle === 'string' ? handle : undefined;
        const id = await approvals.use(call, given);
        if (id === undefined) return refuse(approvals, call, given);
        used.set(operation, id);
        return undefined;
      }),
    leave(operation, outcome) {
      const id = used.get(operation);
      const asksClient = !outcome.ok && outcome.error instanceof InputRequiredSignal;
      if (id === undefined || !asksClient) return outcome;
      return approvals.giveBack(operation.principal.tenantId, id).then(() => outcome);
    },
  };
}

function callMaker(
  target: Target,
  server: GateServer,
  rule: Pick<ApprovableCall, 'ttlMs' | 'byRequester'>,
): (operation: Operation) => ApprovableCall {
  const operation = `${server.slug}/${target.name}`;
  return (call) => ({ ...rule, operation, toolName: target.name, call });
}

async function refuse(
  approvals: Approvals,
  call: ApprovableCall,
  handle: string | undefined,
): Promise<Verdict> {
  const approval = handle === undefined ? await approvals.request(call) : await approvals.find(call, handle);
  return { answer: { ok: true, result: toResult(approval) } };
}

const WORDS: Readonly<Record<Approval['status'] | 'unknown', string>> = {
  pending:
    'This call needs the approval of a person and was not executed. Ask for it to be granted, then make the same call again.',
  granted: 'The approval of this call was just used; make the same call again to ask for another one.',
  denied: 'The approval of this call was denied; it was not executed. Do not repeat it.',
  used: 'The approval was used already, and holds for one call only. Make the call without it to ask for another one.',
  expired:
    'The approval has expired, and the call was not executed. Make the call without it to ask for another one.',
  unknown:
    'There is no such approval for this call: it holds for one tool, one set of arguments and one caller. Make the call without it to ask for one.',
};

function toResult(approval: Approval | undefined): ToolResult {
  const status = approval?.status ?? 'unknown';
  const message = WORDS[status];
  const shown = approval === undefined ? '' : `\nApproval: ${approval.id} (${status})`;
  return {
    content: [{ type: 'text', text: `${message}${shown}` }],
    isError: true,
    _meta: {
      ...(approval === undefined
        ? {}
        : {
            [APPROVAL_META]: {
              id: approval.id,
              status,
              expires_at: new Date(approval.expiresAt).toISOString(),
            },
          }),
      error: {
        type: 'system',
        code: status === 'pending' ? 'approval_required' : `approval_${status}`,
        message,
      },
    },
  };
}

// `quayside approvals list|grant|deny`: the operator decides, on the store that the servers share.
import { userInfo } from 'node:os';
import { QuaysideError } from '../errors.ts';
import { presentApproval } from '../gate/approval/approval-routes.ts';
import { type Approvals, createApprovals } from '../gate/approval/approvals.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import { createRedactor } from '../telemetry/redact.ts';
import { EXIT, type Io } from './io.ts';
import { onStore } from './on-store.ts';

/** What the command line may say. */
export interface ApprovalCommandOptions {
  readonly tenant?: string;
  readonly data?: string;
  readonly json?: true;
}

/** Lists the approvals of a tenant, newest first. */
export function listRequests(options: ApprovalCommandOptions, io: Io): Promise<number> {
  return withApprovals(options, io, async (approvals) => {
    const all = await approvals.list(options.tenant ?? DEFAULT_TENANT);
    if (options.json === true) io.out(`${JSON.stringify(all.map(presentApproval))}\n`);
    else if (all.length === 0) io.out('Nothing waits for approval.\n');
    else
      for (const { id, status, operation, requester, arguments: args, expiresAt } of all) {
        const until = new Date(expiresAt).toISOString();
        io.out(`${id}  ${status}  ${operation}  ${requester}  until ${until}  ${JSON.stringify(args)}\n`);
      }
    return EXIT.ok;
  });
}

/** Grants or denies one. */
export function decideRequest(
  options: ApprovalCommandOptions & { readonly id: string; readonly verb: 'grant' | 'deny' },
  io: Io,
): Promise<number> {
  return withApprovals(options, io, async (approvals) => {
    const by = {
      tenantId: options.tenant ?? DEFAULT_TENANT,
      id: `cli:${userInfo().username}`,
      name: userInfo().username,
    };
    try {
      const decided = await approvals.decide(options.id, options.verb === 'grant' ? 'granted' : 'denied', by);
      if (options.json === true) io.out(`${JSON.stringify(presentApproval(decided))}\n`);
      else io.out(`${decided.operation} is ${decided.status}.\n`);
      return EXIT.ok;
    } catch (error) {
      if (!(error instanceof QuaysideError)) throw error;
      io.err(`${error.message} \`quayside approvals list\` shows what waits.\n`);
      return EXIT.failure;
    }
  });
}

function withApprovals(
  options: ApprovalCommandOptions,
  io: Io,
  work: (approvals: Approvals) => Promise<number>,
): Promise<number> {
  return onStore(options, io, ({ store, audit }) =>
    work(createApprovals({ store, audit, now: Date.now, redact: createRedactor().value })),
  );
}

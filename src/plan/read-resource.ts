// Reads a resource for a handler: with the permissions of whoever called the tool, never with more.
import { QuaysideError } from '../errors.ts';
import { createAccess } from '../gate/permission/access.ts';
import type { Call, ResourceContent } from '../tool.ts';
import type { ServerPlan } from './server-plan.ts';

/** Throws QuaysideError `unknown_resource`, or `forbidden` when the caller itself may not read it. */
export async function readResourceAs(
  server: ServerPlan,
  uri: string,
  call: Call,
): Promise<readonly ResourceContent[]> {
  const entry = server.resources.get(uri);
  if (entry === undefined) throw new QuaysideError('unknown_resource', { data: { uri } });
  const access = createAccess(call.principal, server.definition.security.permissions);
  if (!access.allows(entry.target.permission)) {
    throw new QuaysideError('forbidden', { data: { required: entry.target.permission.anyOf } });
  }
  return entry.item.read(call);
}

// The operator of this machine, as the commands over keys and tenants see whoever runs `quayside`.
import type { Actor } from '../gate/actor.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';

/** May do everything, in the tenant `default` unless another is named. */
export const OPERATOR: Actor = { id: 'cli', tenantId: DEFAULT_TENANT };

// What the verbs over the state of an install share: where it is, in which tenant, and how refusals are said.
import { OPERATOR } from '../app/actor.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import { type Install, withInstall } from '../app/install.ts';
import { QuaysideError } from '../errors.ts';
import type { Actor } from '../gate/actor.ts';
import { StoreUnavailable } from '../store/store.ts';
import { EXIT, type Io } from './io.ts';

/** The flags that every such verb has. */
export interface InstallFlags {
  readonly data?: string;
  readonly tenant?: string;
  readonly json?: true;
}

/** Opens the install that the flags name and runs `work` as its operator; resolves with the exit code. */
export async function onInstall(
  flags: InstallFlags,
  io: Io,
  work: (install: Install, actor: Actor) => Promise<number>,
): Promise<number> {
  const dataDirectory = flags.data ?? io.env.QUAYSIDE_DATA_DIR ?? './data';
  try {
    return await withInstall({ dataDirectory, env: io.env }, async (install) => {
      if (flags.tenant === undefined) return work(install, OPERATOR);
      const tenant = install.tenants.find(flags.tenant);
      if (tenant !== undefined) return work(install, { ...OPERATOR, tenantId: tenant.id });
      io.err(
        `--tenant: there is no tenant ${flags.tenant}; make it with: quayside tenants create ${flags.tenant}\n`,
      );
      return EXIT.usage;
    });
  } catch (error) {
    return refuse(error, io);
  }
}

/** The names that members of a request have on the command line. */
const FLAGS: Readonly<Record<string, string>> = {
  permissions: '--permissions',
  roles: '--roles',
  expiresAt: '--expires',
  notBefore: '--not-before',
  allowedIps: '--allow-ip',
  tenants: '--also-tenant',
  tier: '--tier',
  overlap_days: '--overlap-days',
  contact_email: '--email',
};

function refuse(error: unknown, io: Io): number {
  if (error instanceof QuaysideError) {
    const field = String(error.data?.field ?? '');
    const flag = FLAGS[field];
    io.err(`${flag === undefined ? error.message : error.message.replace(`${field}:`, `${flag}:`)}\n`);
    return error.code === 'invalid_params' ? EXIT.usage : EXIT.failure;
  }
  if (error instanceof ConfigurationError) {
    for (const line of error.lines) io.err(`${line}\n`);
    return EXIT.configuration;
  }
  if (error instanceof StoreUnavailable) {
    io.err(`${error.message}\n`);
    return EXIT.unavailable;
  }
  throw error;
}

// Every migration in order. A new one is a file beside this one and a line here.
import { base } from './0001-base.ts';
import { jobs } from './0002-jobs.ts';
import { keys } from './0003-keys.ts';
import { users } from './0004-users.ts';
import { once } from './0005-once.ts';
import { audit } from './0006-audit.ts';
import { limits } from './0007-limits.ts';
import { secrets } from './0008-secrets.ts';
import { flags } from './0009-flags.ts';
import { rollouts } from './0010-rollouts.ts';
import { upstreams } from './0011-upstreams.ts';
import { codeIndexes } from './0012-code-indexes.ts';
import { sessions } from './0013-sessions.ts';
import { tasks } from './0014-tasks.ts';
import { upstreamOAuth } from './0016-upstream-oauth.ts';
import { codeRepositories } from './0017-code-repositories.ts';
import { codeNodes } from './0019-code-nodes.ts';
import { limitBatches } from './0020-limit-batches.ts';
import { keptSecrets } from './0021-kept-secrets.ts';
import type { Migration } from './migration.ts';

/** All steps of the schema in the order of their ids. */
export const migrations: readonly Migration[] = [
  base,
  jobs,
  keys,
  users,
  once,
  audit,
  limits,
  secrets,
  flags,
  rollouts,
  upstreams,
  codeIndexes,
  sessions,
  tasks,
  upstreamOAuth,
  codeRepositories,
  codeNodes,
  limitBatches,
  keptSecrets,
];

/** Where the schema is when every step ran. */
export const newestMigration: number = migrations.at(-1)?.id ?? 0;

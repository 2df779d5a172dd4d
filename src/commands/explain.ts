// `quayside explain <tool> --as <key>`: which rule decides, from the definitions and the store, without a server.
import { loadAll } from '../app/definitions.ts';
import { secretsAtStart } from '../app/secrets.ts';
import { readSettings } from '../app/settings.ts';
import type { Definition } from '../definition/schema/definition.ts';
import { listedToolName } from '../definition/tool-name.ts';
import { openKeyRing } from '../gate/credential/key-ring.ts';
import type { Explanation } from '../gate/permission/explain.ts';
import { explainCaller } from '../gate/permission/explain-caller.ts';
import type { Tenant } from '../gate/tenant/tenant.ts';
import { toolPermission } from '../plan/target.ts';
import type { Permission } from '../tool.ts';
import { onInstall } from './install.ts';
import { EXIT, type Io } from './io.ts';

export interface ExplainFlags {
  readonly tool: string;
  readonly as: string;
  /** Definition file or folder; found as `serve` finds it when absent. */
  readonly path?: string;
  readonly server?: string;
  readonly address?: string;
  readonly data?: string;
  readonly json?: true;
}

/** Exit code 0 when the key may, 1 when it may not or something named does not exist. */
export async function explain(flags: ExplainFlags, io: Io): Promise<number> {
  const read = readSettings(flags.path === undefined ? {} : { path: flags.path }, io.env, 'http');
  if ('problems' in read) {
    for (const line of read.problems) io.err(`${line}\n`);
    return EXIT.configuration;
  }
  const { settings } = read;
  return onInstall(flags, io, async ({ store, tenants }, actor) => {
    const { definitions } = await loadAll(settings, secretsAtStart(settings).resolve);
    const servers = definitions.map(({ definition }) => ({ slug: definition.slug, definition }));
    const ring = await openKeyRing(store);
    try {
      const answer = explainCaller(
        {
          tenants: {
            find: (name) =>
              tenants.find(name) ??
              declaredTenant(
                servers.map(({ definition }) => definition),
                name,
              ),
          },
          storedKeys: ring.keys,
          server: (slug) =>
            slug === undefined
              ? (servers.find(({ definition }) => definition.default) ?? servers[0])
              : servers.find((server) => server.slug === slug),
          permissionOf: ({ definition }, tool) => permissionOf(definition, tool),
          processAllowlist: settings.environment.ipAllowlist ?? [],
          now: Date.now,
        },
        actor,
        flags,
      );
      io.out(flags.json === true ? `${JSON.stringify(answer)}\n` : textOf(answer));
      return answer.allowed ? EXIT.ok : EXIT.failure;
    } finally {
      ring.close();
    }
  });
}

function permissionOf({ tools, toolNames }: Definition, name: string): Permission | undefined {
  const tool = tools.find((one) => one.name === name || listedToolName(one.name, toolNames) === name);
  return tool === undefined ? undefined : toolPermission(tool, listedToolName(tool.name, toolNames));
}

/** What a definition names and no server has made yet counts as there. */
function declaredTenant(definitions: readonly Definition[], slug: string): Tenant | undefined {
  const keys = definitions.flatMap(({ security }) => security.authentication?.apiKeys ?? []);
  if (!keys.some(({ tenant }) => tenant === slug)) return undefined;
  return { id: slug, slug, name: slug, isActive: true, settings: {}, createdAt: 0, updatedAt: 0 };
}

function textOf({ allowed, caller, tool, server, decided_by, checks }: Explanation): string {
  const verdict = `${caller.name} ${allowed ? 'may' : 'may not'} call ${tool} on ${server}: ${decided_by.text}`;
  const lines = checks.map(
    ({ check, allowed: passed, text }) => `  ${passed ? 'yes' : 'no '}  ${check}: ${text}`,
  );
  return `${[verdict, ...lines].join('\n')}\n`;
}

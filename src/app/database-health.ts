// Health components and gauges of the databases that the open plans use; they come and go with reloads.
import { databaseComponent } from '../operations/health/components.ts';
import type { Health } from '../operations/health/health.ts';
import type { Core } from './core.ts';

/** Keeps one component per named database of the plan in force, and the connection gauges over all of them. */
export function watchDatabases(core: Core, health: Health): void {
  let remove: (() => void)[] = [];
  const refresh = () => {
    for (const forget of remove) forget();
    remove = [];
    for (const [slug, databases] of core.plans.databases) {
      for (const name of databases.names)
        remove.push(addDatabase(health, `database:${slug}/${name}`, name, databases));
    }
  };
  refresh();
  core.plans.holder.onSwap(refresh);
  core.telemetry.watchDatabaseConnections(() => {
    const stats = [...core.plans.databases].flatMap(([, databases]) => databases.stats());
    return {
      active: stats.reduce((sum, { size, idle }) => sum + size - idle, 0),
      idle: stats.reduce((sum, { idle }) => sum + idle, 0),
    };
  });
}

type OpenDatabases =
  Core['plans']['databases'] extends ReadonlySet<readonly [string, infer Databases]> ? Databases : never;

function addDatabase(health: Health, component: string, name: string, databases: OpenDatabases): () => void {
  return health.add(
    databaseComponent({
      name: component,
      async ping() {
        const found = await databases.get(name)?.health();
        if (found !== undefined && found.status !== 'ok')
          throw new Error(found.message ?? `The database is ${found.status}.`);
      },
    }),
  );
}

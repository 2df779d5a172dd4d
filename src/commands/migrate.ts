// `quayside migrate [up|down|status]`: the schema of the durable state.
import { migrations, newestMigration } from '../store/migrations/migrations.ts';
import { appliedMigrations, migrateStore, type StoreAddress } from '../store/open-store.ts';
import { EXIT, type Io } from './io.ts';
import { onPlace } from './on-store.ts';

/** What the command line may say. */
export interface MigrateCommandOptions {
  readonly data?: string;
  readonly json?: true;
}

/** Runs what is missing, up to `to`. */
export function migrateUp(
  options: MigrateCommandOptions & { readonly to?: number },
  io: Io,
): Promise<number> {
  return onPlace(options, io, ({ address }) => migrate(address, options.to ?? newestMigration, options, io));
}

/** Takes back everything after `to`; the data in what goes is lost. */
export function migrateDown(
  options: MigrateCommandOptions & { readonly to: number },
  io: Io,
): Promise<number> {
  return onPlace(options, io, async ({ address }) => {
    const newest = (await appliedMigrations(address)).at(-1)?.id ?? 0;
    if (newest < options.to) {
      io.err(`--to: the schema is at ${newest}; \`quayside migrate up --to ${options.to}\` leads there.\n`);
      return EXIT.usage;
    }
    return migrate(address, options.to, options, io);
  });
}

/** Lists every migration and whether it ran. */
export function migrationStatus(options: MigrateCommandOptions, io: Io): Promise<number> {
  return onPlace(options, io, async ({ address }) => {
    const applied = new Map((await appliedMigrations(address)).map((one) => [one.id, one]));
    const known = migrations.map(({ id, name }) => ({
      id,
      name,
      appliedAt: applied.get(id)?.appliedAt ?? null,
    }));
    const newer = [...applied.values()].filter(({ id }) => id > newestMigration);
    const all = [...known, ...newer];
    if (options.json === true) io.out(`${JSON.stringify(all)}\n`);
    else
      for (const { id, name, appliedAt } of all) io.out(`${numbered(id, name)}  ${shownTime(appliedAt)}\n`);
    return EXIT.ok;
  });
}

async function migrate(
  address: StoreAddress,
  target: number,
  options: MigrateCommandOptions,
  io: Io,
): Promise<number> {
  const steps = await migrateStore(address, { target });
  const done = steps.map(({ migration: { id, name }, direction }) => ({ id, name, direction }));
  if (options.json === true) io.out(`${JSON.stringify(done)}\n`);
  else if (done.length === 0) io.out('The schema is where it should be.\n');
  else
    for (const { id, name, direction } of done)
      io.out(`${direction === 'up' ? 'ran' : 'took back'}  ${numbered(id, name)}\n`);
  return EXIT.ok;
}

function numbered(id: number, name: string): string {
  return `${String(id).padStart(4, '0')} ${name}`;
}

function shownTime(appliedAt: number | null): string {
  return appliedAt === null ? 'not yet' : new Date(appliedAt).toISOString();
}

// The flags in force, in memory: what is stored, over what the definition declares, over what is shipped.
import type { FlagDeclaration } from '../definition/schema/flags.ts';
import { type Mirror, type MirrorOptions, openMirror } from '../store/mirror.ts';
import type { Store } from '../store/store.ts';
import { type CompiledFlag, compileFlag, constantValue } from './evaluate.ts';
import type { Flag, FlagSubject, FlagValue } from './flag.ts';
import { FLAGS_TOPIC, type FlagRow, listFlags } from './flag-statements.ts';
import { SHIPPED_FLAGS } from './shipped-flags.ts';

/** The flags as the process holds them, from opening to closing. */
export interface FlagDirectory extends Pick<Mirror<FlagRow>, 'onChange' | 'refresh' | 'problem' | 'close'> {
  all(): readonly Flag[];
  find(key: string): Flag | undefined;
  /** What holds when nothing is stored under the key. */
  declared(key: string): Flag | undefined;
  /** By the product's own flags; undefined for a key that there is no flag of. */
  evaluate(key: string, subject: FlagSubject): FlagValue | undefined;
  /** What everybody gets, or undefined where it depends on who asks. A key without a flag is off. */
  constant(key: string): boolean | undefined;
}

export interface FlagDirectoryOptions {
  readonly store: Store;
  /** `MCP_ENVIRONMENT` in force. */
  readonly environment: string;
  /** Of the default server's definition in force; asked at each look, so a reload is seen. */
  readonly declared: () => Readonly<Record<string, FlagDeclaration>>;
  readonly onFailure?: MirrorOptions<FlagRow>['onFailure'];
}

/** Everything that is computed from one reading of the table and one definition. */
interface Layers {
  readonly rows: readonly FlagRow[];
  readonly declarations: FlagDirectoryDeclarations;
  readonly below: ReadonlyMap<string, Flag>;
  readonly flags: ReadonlyMap<string, Flag>;
  readonly compiled: ReadonlyMap<string, CompiledFlag>;
  readonly constants: ReadonlyMap<string, boolean | undefined>;
}
type FlagDirectoryDeclarations = ReturnType<FlagDirectoryOptions['declared']>;

/** Reads the flags, then follows every process's changes within 1 s. Rejects when the store cannot be read. */
export async function openFlagDirectory(options: FlagDirectoryOptions): Promise<FlagDirectory> {
  const mirror = await openMirror({
    store: options.store,
    topic: FLAGS_TOPIC,
    statement: listFlags,
    ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
  });
  let layers: Layers | undefined;
  const current = (): Layers => {
    const rows = mirror.rows();
    const declarations = options.declared();
    if (layers === undefined || layers.rows !== rows || layers.declarations !== declarations)
      layers = layersOf(rows, declarations, options.environment);
    return layers;
  };
  return {
    all: () => [...current().flags.values()],
    find: (key) => current().flags.get(key),
    declared: (key) => current().below.get(key),
    evaluate: (key, subject) => current().compiled.get(key)?.(subject),
    constant(key) {
      const { constants } = current();
      return constants.has(key) ? constants.get(key) : false;
    },
    onChange: mirror.onChange,
    refresh: mirror.refresh,
    problem: mirror.problem,
    close: mirror.close,
  };
}

function layersOf(
  rows: readonly FlagRow[],
  declarations: FlagDirectoryDeclarations,
  environment: string,
): Layers {
  const shipped = new Map(SHIPPED_FLAGS.map((flag) => [flag.key, flag]));
  // What is said of a shipped flag is about whom it is on for, not about what it is.
  const kept = (flag: Flag): readonly [string, Flag] => {
    const { type, description } = shipped.get(flag.key) ?? flag;
    return [flag.key, { ...flag, type, description }];
  };
  const declared = Object.entries(declarations).map(([key, declaration]) =>
    kept({ ...declaration, key, source: 'definition' }),
  );
  const below = new Map([...shipped, ...declared]);
  const flags = new Map([...below, ...rows.map((row) => kept(parseFlag(row)))].sort(byKey));
  const entries = [...flags.values()];
  return {
    rows,
    declarations,
    below,
    flags,
    compiled: new Map(entries.map((flag) => [flag.key, compileFlag(flag, environment)])),
    constants: new Map(entries.map((flag) => [flag.key, constantValue(flag, environment)?.value])),
  };
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** A row as the product speaks of it. */
function parseFlag(row: FlagRow): Flag {
  return {
    key: row.key,
    source: 'stored',
    type: row.type,
    description: row.description,
    enabled: Number(row.enabled) === 1,
    ...(row.percent === null ? {} : { percent: Number(row.percent) }),
    percentOf: row.percent_of,
    tenants: parseList(row.tenants),
    users: parseList(row.users),
    keys: parseList(row.keys),
    environments: parseList(row.environments),
    default: Number(row.fallback) === 1,
    updated: { at: Number(row.updated_at), by: row.updated_by },
  };
}

/** JSON that this program wrote. */
function parseList(text: string): string[] {
  return JSON.parse(text) as string[];
}

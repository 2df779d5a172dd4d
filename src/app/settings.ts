// How this process is to serve: the environment with the flags of the command line over it, settled once at start.
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { type EnvironmentSettings, readEnvironment, shortSecrets } from '../definition/environment.ts';
import { definitionPath } from '../definition/find-files.ts';
import { isLoopbackHost } from './start-checks.ts';

/** What the process was told, by flags and environment, before anything is opened. */
export interface AppSettings {
  /** Definition file or folder. */
  readonly path: string;
  /** The definition itself, where a program gives it; `path` is then the file that it would be. */
  readonly document?: { readonly file: string; readonly text: string };
  readonly env: Environment;
  /** The checks of production apply: it was asked for, or the bind address can be reached from elsewhere. */
  readonly production: boolean;
  readonly host: string;
  /** Undefined: the default definition's `port`. 0 takes a free one. */
  readonly port: number | undefined;
  readonly dataDirectory: string;
  /** Processes that serve; 1 is this one alone. */
  readonly workers: number;
  /** Everything else that the environment says. */
  readonly environment: EnvironmentSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a command line may say; it wins over the environment, which wins over the file. */
export interface SettingsFlags {
  readonly path?: string;
  readonly port?: number;
  readonly host?: string;
  readonly data?: string;
  readonly workers?: number | 'auto';
}

/** `problems` name variable, rule and fix; `notices` are names that are set and have no effect. */
export type SettingsOutcome =
  | { readonly settings: AppSettings; readonly notices: readonly string[] }
  | { readonly problems: readonly string[] };

const LOOPBACK = '127.0.0.1';

/** Settles flags and environment for one way of serving. */
export function readSettings(
  flags: SettingsFlags,
  env: Environment,
  transport: 'http' | 'stdio',
): SettingsOutcome {
  const { settings: environment, errors, notices } = readEnvironment(env);
  const path = definitionPath(flags.path, env);
  const host = flags.host ?? environment.host ?? LOOPBACK;
  const isReachable = transport === 'http' && !isLoopbackHost(host);
  const isProductionByAddress = environment.environment === undefined && isReachable;
  const problems = [
    ...errors,
    ...(isProductionByAddress ? shortSecrets(environment) : []),
    ...(path === undefined
      ? ['No definition was found: name a file, set CONFIG_PATH, or write quayside.yaml.']
      : []),
  ];
  if (path === undefined || problems.length > 0) return { problems };
  const settings: AppSettings = {
    path,
    env,
    production: environment.environment === 'production' || isProductionByAddress,
    host,
    port: flags.port ?? environment.port,
    dataDirectory:
      flags.data ?? environment.dataDirectory ?? (transport === 'http' ? './data' : stateDirectory(env)),
    workers: transport === 'http' ? countOf(flags.workers ?? environment.workers ?? 1) : 1,
    environment,
  };
  return { settings: Object.freeze(settings), notices };
}

function countOf(workers: number | 'auto'): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

/** The environment that chooses overlays of definitions and feature flags. */
export function environmentOf({
  environment,
  production,
}: Pick<AppSettings, 'environment' | 'production'>): string {
  return environment.environment ?? (production ? 'production' : 'development');
}

/** Where programs of this platform keep state of one user (XDG Base Directory Specification on Unix). */
function stateDirectory(env: Environment): string {
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'quayside');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'quayside');
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'quayside');
}

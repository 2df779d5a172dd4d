// `quayside code export|import`: the index of a repository as a signed archive, so that another machine need not make it.
import { readFileSync, statSync } from 'node:fs';
import { exportRepository, importRepository, type SharingInstall } from '../app/code-sharing.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import { TextIndexError } from '../packs/code/index/text-index-error.ts';
import { ArchiveRefusal } from '../packs/code/sharing/archive-refusal.ts';
import type { Log } from '../telemetry/log.ts';
import { EXIT, type Io, refuse } from './io.ts';
import { onDefinitions } from './on-definitions.ts';

export interface ShareFlags {
  readonly on?: string;
  readonly data?: string;
  readonly json?: true;
  /** Megabytes. */
  readonly maxSize?: string;
}

/** Of an archive where nothing is said (spec code §9). */
const MEGABYTES = 100;
/** Of Ed25519, private and public. */
const KEY_BYTES = 32;

/** Exit code 0 when the archive stands at `output`, 1 when it was refused. */
export function exportCode(
  repository: string | undefined,
  flags: ShareFlags & { readonly output: string; readonly embeddings?: true; readonly key?: string },
  io: Io,
): Promise<number> {
  return onInstallOf(flags, io, async (install, bytesMax) => {
    const done = await exportRepository(install, {
      ...{ repository, output: flags.output, withVectors: flags.embeddings === true, bytesMax },
      ...(flags.key === undefined ? {} : { seed: readSeed(flags.key) }),
    });
    io.out(
      flags.json === true
        ? `${JSON.stringify(done)}\n`
        : `${done.repository}: ${done.files} files, ${done.bytes} bytes in ${flags.output}\nSigned by ${done.publicKey}; others import it with --trust ${done.publicKey}\n`,
    );
    return EXIT.ok;
  });
}

/** Exit code 0 when the index is that of the tree, 1 when the archive was refused. */
export function importCode(
  file: string,
  flags: ShareFlags & {
    readonly repository?: string;
    readonly trust?: readonly string[];
    readonly dryRun?: true;
  },
  io: Io,
): Promise<number> {
  return onInstallOf(flags, io, async (install, bytesMax) => {
    demandFile(file, 'The archive');
    const { repository, trust: trusted = [], dryRun } = flags;
    const strange = trusted.find((key) => Buffer.from(key, 'base64').length !== KEY_BYTES);
    if (strange !== undefined)
      throw new ConfigurationError([`--trust: ${strange} is no public key; export prints it.`]);
    const done = await importRepository(install, {
      repository,
      file,
      bytesMax,
      trusted,
      isDry: dryRun === true,
    });
    const { manifest, files, common, build } = done;
    const facts = { repository: done.repository, commit: manifest.commit, files, common };
    if (flags.json === true)
      io.out(
        `${JSON.stringify({ ...facts, parsed: build?.filesParsed ?? null, removed: build?.filesRemoved ?? null })}\n`,
      );
    else
      io.out(
        build === undefined
          ? `${done.repository}: would take over ${files} files, of which the tree has ${common}\n`
          : `${done.repository}: ${files} files taken over, ${build.filesParsed} read anew, ${build.filesRemoved} removed\n`,
      );
    return EXIT.ok;
  });
}

function onInstallOf(
  flags: ShareFlags,
  io: Io,
  work: (install: SharingInstall, bytesMax: number) => Promise<number>,
): Promise<number> {
  const megabytes = Number(flags.maxSize ?? MEGABYTES);
  if (!Number.isFinite(megabytes) || megabytes <= 0)
    return Promise.resolve(refuse(io, ['--max-size: must be a number of megabytes.'], EXIT.usage));
  const { on: definition, data } = flags;
  const where = {
    ...(definition === undefined ? {} : { definition }),
    ...(data === undefined ? {} : { data }),
  };
  return onDefinitions(where, io, async ({ settings, ...install }) => {
    try {
      const { dataDirectory } = settings;
      return await work({ ...install, dataDirectory, log: tellOn(io) }, megabytes * 1024 * 1024);
    } catch (error) {
      return said(error, io);
    }
  });
}

function said(error: unknown, io: Io): number {
  if (error instanceof ConfigurationError) return refuse(io, error.lines);
  if (error instanceof TextIndexError && error.code === 'index_locked')
    return refuse(io, ['A server writes this index; stop it, or import before it starts.'], EXIT.tryAgain);
  if (error instanceof ArchiveRefusal || error instanceof TextIndexError)
    return refuse(io, [error.message], EXIT.failure);
  throw error;
}

/** What goes wrong beside the verb is said; what goes on is not. */
function tellOn(io: Io): Log {
  const say: Log['warn'] = (_fields, message) => io.err(`${message}\n`);
  const log: Log = { debug: () => undefined, info: () => undefined, warn: say, error: say, child: () => log };
  return log;
}

function demandFile(path: string, name: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new ConfigurationError([`${name}: ${path} is no file.`]);
}

/** A file with 32 bytes in base64. */
function readSeed(path: string): string {
  demandFile(path, '--key');
  const seed = readFileSync(path, 'utf8').trim();
  if (Buffer.from(seed, 'base64').length !== KEY_BYTES)
    throw new ConfigurationError([
      `--key: ${path} must hold 32 bytes in base64, as: openssl rand -base64 32`,
    ]);
  return seed;
}

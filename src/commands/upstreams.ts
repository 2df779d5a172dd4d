// `quayside upstreams list|approve`: the operator decides, on the store that the servers share.
import { userInfo } from 'node:os';
import { QuaysideError } from '../errors.ts';
import { createPins, type PinnedTool, type Pins } from '../upstreams/pins/pins.ts';
import { presentTool } from '../upstreams/upstream-routes.ts';
import { EXIT, type Io } from './io.ts';
import { onStore } from './on-store.ts';

/** What the command line may say. */
export interface UpstreamCommandOptions {
  readonly data?: string;
  readonly json?: true;
}

/** As many characters of a hash as people type; REST takes the whole. */
const HASH_SHOWN = 12;

/** Lists the tools that wait, with what has changed; with `all` also those that are approved. */
export function listUpstreamTools(
  options: UpstreamCommandOptions & { readonly all?: true },
  io: Io,
): Promise<number> {
  return withPins(options, io, async (pins) => {
    const known = await pins.list();
    const shown = options.all === true ? known : known.filter(({ state }) => state !== 'approved');
    if (options.json === true) io.out(`${JSON.stringify(shown.map(presentTool))}\n`);
    else if (shown.length === 0) io.out('No tool of an upstream waits for approval.\n');
    else for (const tool of shown) io.out(describe(tool));
    return EXIT.ok;
  });
}

/** Approves one tool, `server/upstream/tool`, with the definition whose hash begins with `hash`. */
export function approveUpstreamTool(
  options: UpstreamCommandOptions & { readonly id: string; readonly hash: string },
  io: Io,
): Promise<number> {
  return withPins(options, io, async (pins) => {
    const found = (await pins.list()).find((tool) => idOf(tool) === options.id);
    const isMeant = options.hash.length >= HASH_SHOWN && found?.hash.startsWith(options.hash) === true;
    if (found === undefined || !isMeant) {
      io.err(
        found === undefined
          ? `There is no tool ${options.id}. \`quayside upstreams list\` shows what waits.\n`
          : `The definition of ${options.id} that waits has the hash ${found.hash.slice(0, HASH_SHOWN)}; look at it again.\n`,
      );
      return EXIT.failure;
    }
    try {
      const approved = await pins.approve(found, { id: `cli:${userInfo().username}` });
      io.out(
        options.json === true ? `${JSON.stringify(presentTool(approved))}\n` : `${options.id} is approved.\n`,
      );
      return EXIT.ok;
    } catch (error) {
      if (!(error instanceof QuaysideError)) throw error;
      io.err(`${error.message}\n`);
      return EXIT.failure;
    }
  });
}

function idOf({ server, upstream, tool }: PinnedTool): string {
  return `${server}/${upstream}/${tool}`;
}

function describe(tool: PinnedTool): string {
  const head = `${idOf(tool)}  ${tool.state}  ${tool.hash.slice(0, HASH_SHOWN)}`;
  return `${[head, ...tool.diff.map((line) => `    ${line}`)].join('\n')}\n`;
}

function withPins(
  options: UpstreamCommandOptions,
  io: Io,
  work: (pins: Pins) => Promise<number>,
): Promise<number> {
  return onStore(options, io, ({ store, audit }) => work(createPins({ store, audit, now: Date.now })));
}

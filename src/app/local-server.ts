// A server of a definition, started in this process without a listener: for commands that call its tools.
import type { BuildInfo } from '../telemetry/telemetry.ts';
import { StdioContext } from '../transport/stdio-context.ts';
import { createCore } from './core.ts';
import { mcpRequest, parseMcpAnswer, parseProgress } from './mcp-request.ts';
import type { ReachedServer } from './reached-server.ts';
import type { AppSettings } from './settings.ts';
import { principalOf, serverOf } from './stdio-caller.ts';

export interface LocalServerOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** Default: the default server. */
  readonly slug: string | undefined;
  /** Who calls. Default: the local principal, with what authenticated callers are granted. */
  readonly key: string | undefined;
}

/** Throws ConfigurationError and PlanError, as a start does. */
export async function openLocalServer(options: LocalServerOptions): Promise<ReachedServer> {
  const core = await createCore({ ...options, transport: 'stdio' });
  const close = async () => {
    await core.close();
    await core.telemetry.close();
  };
  try {
    const server = serverOf(core, options.slug);
    const principal = principalOf(core, server, options);
    return {
      async call(tool, args, onProgress) {
        const context = new StdioContext({
          principal,
          startedAt: performance.now(),
          release: ignore,
          send(message) {
            const progress = onProgress === undefined ? undefined : parseProgress(message);
            if (progress !== undefined) onProgress?.(progress);
          },
        });
        const hearsProgress = onProgress !== undefined;
        const body = mcpRequest('tools/call', { name: tool, arguments: args }, { hearsProgress });
        const answer = await core.protocol.modern.handle(server, body, context);
        return parseMcpAnswer(answer.body ?? '');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The plan is never replaced here. */
const ignore = () => undefined;

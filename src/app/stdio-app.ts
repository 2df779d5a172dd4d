// Serves one server over stdin and stdout, for clients that start their servers themselves.
import type { BuildInfo } from '../telemetry/telemetry.ts';
import { createStdioTransport } from '../transport/stdio.ts';
import { createCore } from './core.ts';
import type { AppSettings } from './settings.ts';
import { principalOf, serverOf } from './stdio-caller.ts';

export interface StdioAppOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** Default: the default server. */
  readonly slug: string | undefined;
  /** `QUAYSIDE_API_KEY`. */
  readonly key: string | undefined;
}

/**
 * Resolves when the input has ended and every request has its answer. Throws ConfigurationError for an unknown
 * server or an invalid key (ruling "stdio").
 */
export async function runStdioApp(options: StdioAppOptions): Promise<void> {
  const core = await createCore({ ...options, transport: 'stdio' });
  try {
    const server = serverOf(core, options.slug);
    const transport = createStdioTransport({
      plans: core.plans.holder,
      protocol: core.protocol,
      log: core.telemetry.log.child({ component: 'stdio' }),
      principal: principalOf(core, server, options),
      ...(options.slug === undefined ? {} : { slug: options.slug }),
      input: process.stdin,
      output: process.stdout,
      observeRequest: core.telemetry.observeRequest,
    });
    for (const warning of core.warnings) core.telemetry.log.warn({}, warning);
    const stop = () => transport.stop();
    process.once('SIGTERM', stop).once('SIGINT', stop);
    process.on('SIGHUP', () => void core.plans.reloader.reload());
    core.plans.watch();
    await transport.run();
  } finally {
    await core.close();
    await core.telemetry.close();
  }
}

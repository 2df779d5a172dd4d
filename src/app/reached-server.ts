// A server as the commands reach it: one that runs, or one of a definition in this process.
import type { Catalogue } from '../plan/catalogue.ts';
import type { JsonObject } from '../tool.ts';
import type { McpAnswer, Progress } from './mcp-request.ts';

/** A server that tools can be called on. Must be closed. */
export interface ReachedServer {
  /** Passes the whole gate, as the call of any client. `onProgress` is told what the tool says of its progress. */
  call(tool: string, args: JsonObject, onProgress?: (progress: Progress) => void): Promise<McpAnswer>;
  close(): Promise<void>;
}

/** A server whose lists can be read as well. */
export interface ListedServer extends ReachedServer {
  /** Throws ConfigurationError when the server refuses or does not speak the protocol. */
  catalogue(): Promise<Catalogue>;
}

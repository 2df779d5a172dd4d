// A link on which both sides know how to speak: an era, and what the upstream says it can do. Shapes only.
import type { JsonObject } from '../../tool.ts';
import type { LinkRequest } from '../rpc/link.ts';

export interface SessionRequest extends LinkRequest {
  /** What the caller's client can be asked; said with each request in the modern era. */
  readonly capabilities?: JsonObject;
}

export interface Session {
  readonly era: 'modern' | 'legacy';
  readonly revision: string;
  /** As the upstream declared them. */
  readonly capabilities: JsonObject;
  /** Several callers' requests share one stream of messages, so that a question does not say whose it is. */
  readonly isShared: boolean;
  /** Rejects with UpstreamError. */
  request(request: SessionRequest): Promise<JsonObject>;
  /** Hears changes of lists, and of these resources; called again, of the new set of resources. */
  listen(resources: readonly string[]): void;
  close(): Promise<void>;
}

/** Who we are to an upstream. */
export interface ClientIdentity {
  readonly name: string;
  readonly version: string;
}

// What an upstream offers and how it does, as others see it. Shapes only.
import type { Breaker } from './breaker.ts';
import type { Listing, UpstreamTool } from './catalogue.ts';
import type { PinState } from './pins/pins.ts';

/** What an upstream offers, with what was decided about each tool. */
export interface Catalogue extends Omit<Listing, 'tools'> {
  readonly tools: readonly { readonly tool: UpstreamTool; readonly state: PinState }[];
}

/** How an upstream does. */
export interface UpstreamStatus {
  readonly server: string;
  readonly name: string;
  readonly state: 'connecting' | 'up' | 'down' | 'closed';
  readonly breaker: Breaker['state'];
  readonly era?: 'modern' | 'legacy';
  readonly revision?: string;
  readonly reconnects: number;
  readonly running: number;
  readonly waiting: number;
  readonly lastError?: string;
  readonly catalogue: Catalogue;
}

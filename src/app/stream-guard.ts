// A stream lasts no longer than what let its caller in: the key, its dates and addresses, the tenant, the server's own
// list of addresses (governance §2, §5, §5.1).

import type { Clock } from '../clock.ts';
import type { Caller } from '../gate/stage.ts';
import type { Core } from './core.ts';
import { stillAdmitted } from './still-admitted.ts';

/** A date passes and a definition is replaced without anybody saying so: revocation takes at most 1 s. */
const LOOK_MS = 1000;

export interface StreamGuardDeps {
  readonly core: Pick<Core, 'identity' | 'plans'>;
  readonly clock: Pick<Clock, 'after'>;
  /** Ends the streams of the callers that it is told to. */
  readonly end: (of: (caller: Caller) => boolean) => void;
}

/** Looks at every open stream after each change, and every second. Returns the way to stop. */
export function guardStreams({ core, clock, end }: StreamGuardDeps): () => void {
  const look = () => end((caller) => !stillAdmitted(core.plans.holder, caller));
  const stops = [core.identity.ring.onChange(look), core.identity.tenants.onChange(look)];
  let cancel: (() => void) | undefined;
  const again = (): void => {
    cancel = clock.after(LOOK_MS, () => {
      look();
      again();
    });
  };
  again();
  return () => {
    cancel?.();
    for (const stop of stops) stop();
  };
}

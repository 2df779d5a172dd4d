// Tells when what is read at an address becomes something else, whichever process indexed the change.
import type { Log } from '../../../telemetry/log.ts';
import type { Call } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import type { IndexRecords } from '../repositories/index-record.ts';
import type { Repositories, RepositoriesOf } from '../repositories/repositories.ts';

/** What resources are followed with. */
export interface FollowDeps {
  readonly of: RepositoriesOf;
  readonly records: Pick<IndexRecords, 'watch'>;
  readonly log: Log;
}

/** What is to be followed. */
export interface Followed extends Pick<Call, 'principal'> {
  /** The same for as long as the content is. */
  stateOf(repositories: Repositories): Promise<string>;
}

/** Calls `changed` after every change; returns the way to stop. */
export function followResource(
  { of, records, log }: FollowDeps,
  { principal, stateOf }: Followed,
  changed: () => void,
): () => void {
  let known: string | undefined;
  let isStopped = false;
  let looking = Promise.resolve();
  const look = ({ isUpdate }: { readonly isUpdate: boolean }) => {
    // What was indexed before the first look ended may be in it: it is told, because somebody may have read before.
    const isEarly = isUpdate && known === undefined;
    looking = looking.then(async () => {
      if (isStopped) return;
      try {
        const state = await stateOf(of({ principal })).catch(toNothing);
        const isNews = known !== undefined && known !== state;
        known = state;
        if (isNews || isEarly) changed();
      } catch (error) {
        // The next change is looked at again.
        log.warn({ error }, 'A resource of the code index could not be followed.');
      }
    });
  };
  look({ isUpdate: false });
  const stops = [
    ...of({ principal }).all.map(({ index }) => index.onUpdate(() => look({ isUpdate: true }))),
    // Also told once at its beginning.
    records.watch(() => look({ isUpdate: false })),
  ];
  return () => {
    isStopped = true;
    for (const stop of stops) stop();
  };
}

/** What cannot be read now is a state like any other. */
function toNothing(error: unknown): string {
  if (error instanceof CodeRefusal || error instanceof TextIndexError) return error.code;
  throw error;
}

// MCP as one object for the transports: both eras over one dispatcher, and what has to end when the process does.
import { randomBytes } from 'node:crypto';
import type { Caller } from '../gate/stage.ts';
import type { PlanHolder } from '../plan/server-plan.ts';
import { fixedSecret, type SigningSecrets } from '../secrets/signing-secrets.ts';
import type { Log } from '../telemetry/log.ts';
import { type ChangeHub, createChangeHub } from './changes.ts';
import { createDispatcher } from './dispatch.ts';
import { createLegacyCodec, type LegacyCodec } from './legacy/codec.ts';
import { createMemoryEventStore, type EventStore } from './legacy/event-store.ts';
import type { HttpSession } from './legacy/http-session.ts';
import { reviveSession } from './legacy/revive-session.ts';
import type { SessionKeeping } from './legacy/session-handover.ts';
import { createSessions, type Sessions } from './legacy/sessions.ts';
import { createModernCodec, type ModernCodec } from './modern/codec.ts';
import type { Tasks } from './tasks/tasks.ts';

/** One per process. */
export interface Protocol {
  readonly modern: ModernCodec;
  readonly legacy: LegacyCodec;
  readonly sessions: Sessions;
  /** Where changes of lists and resources are published. */
  readonly hub: ChangeHub;
  /** Ends gracefully what stays open by itself: subscriptions and GET streams. Calls go on. */
  drain(): void;
  /** Ends streams and sessions of the callers that `of` names, as after the revocation of a key. */
  end(of: (caller: Caller) => boolean): void;
  close(): void;
}

/** What the protocol is made of, and whom it tells. */
export interface ProtocolDeps {
  readonly plans: PlanHolder;
  readonly log: Log;
  /** At least 32 bytes each; sign cursors and request states. Random when absent. */
  readonly secrets?: SigningSecrets;
  /** Events of legacy streams; in memory by default. */
  readonly events?: EventStore;
  /** Absent: sessions end with this process. */
  readonly keeping?: Pick<SessionKeeping, 'journal' | 'newId'>;
  /** Milliseconds of the wall clock; `Date.now` by default. */
  readonly now?: () => number;
  /** Calls that go on after their answer; absent: there are none. Closed by whoever made it. */
  readonly tasks?: Tasks;
  /** Monotonic milliseconds; `performance.now` by default. */
  readonly monotonic?: () => number;
  /** Told when a legacy session ended, with its age in seconds. */
  readonly onSessionEnd?: (seconds: number, session: HttpSession) => void;
  /** Told when a legacy session has begun. */
  readonly onSessionStart?: (session: HttpSession) => void;
}

/** Shorter ones can be guessed offline from a cursor that was seen. */
const SECRET_BYTES_MIN = 32;

/** Throws RangeError for a secret that is too short. */
export function createProtocol(deps: ProtocolDeps): Protocol {
  const secrets = deps.secrets ?? fixedSecret(randomBytes(SECRET_BYTES_MIN).toString('base64url'));
  if (Buffer.byteLength(secrets.current().value) < SECRET_BYTES_MIN)
    throw new RangeError(`the secret needs at least ${SECRET_BYTES_MIN} bytes`);
  const { plans, log } = deps;
  const tasks = deps.tasks === undefined ? {} : { tasks: deps.tasks };
  const hub = createChangeHub({ plans, log });
  deps.tasks?.start(hub);
  const dispatcher = createDispatcher({ secrets, ...tasks });
  const modern = createModernCodec({ dispatcher, hub, log, secrets, now: deps.now ?? Date.now, ...tasks });
  const legacy = createLegacyCodec({ dispatcher, hub, log, ...tasks });
  const sessions = createSessions({
    events: deps.events ?? createMemoryEventStore(undefined, deps.keeping?.journal),
    ...(deps.keeping === undefined
      ? {}
      : { keeping: { ...deps.keeping, revive: reviveSession(hub), now: deps.now ?? Date.now } }),
    now: deps.monotonic ?? performance.now.bind(performance),
    ...(deps.onSessionEnd === undefined ? {} : { onEnd: deps.onSessionEnd }),
    ...(deps.onSessionStart === undefined ? {} : { onStart: deps.onSessionStart }),
  });
  return {
    modern,
    legacy,
    sessions,
    hub,
    drain() {
      modern.endStreams(() => true);
      for (const session of sessions.all()) session.closeStandalone();
      sessions.release();
    },
    end(of) {
      modern.endStreams(of);
      sessions.end(of);
    },
    close() {
      modern.endStreams(() => true);
      sessions.close();
      hub.close();
    },
  };
}

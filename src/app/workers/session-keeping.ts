// Sessions where several processes serve together: each id names the process that opened it, the store knows who holds
// it now, and a process whose holder is gone takes it over.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { every } from '../../jobs/job.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import {
  createSessionJournal,
  removeExpiredSessions,
  type SessionJournal,
} from '../../protocol/legacy/session-journal.ts';
import type { Sessions } from '../../protocol/legacy/sessions.ts';
import type { ProcessSecrets } from '../../secrets/process-secrets.ts';
import type { SigningSecret, SigningSecrets } from '../../secrets/signing-secrets.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { SessionRoute } from '../../transport/http/session-doors.ts';
import type { WorkerLink } from '../../workers/worker-link.ts';
import type { AppSettings } from '../settings.ts';
import { storeAddress } from '../store.ts';

const HOUR_MS = 3_600_000;

/** Undefined where this process serves alone: its sessions are in its memory. */
export function openSessionKeeping(deps: {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly secrets: ProcessSecrets;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly worker: WorkerLink | undefined;
}): KeptSessions | undefined {
  const { settings, telemetry, secrets, store, jobs, worker } = deps;
  const { environment, dataDirectory } = settings;
  const hasReplicas =
    (environment.replicas ?? 1) > 1 && storeAddress(environment, dataDirectory).kind === 'postgres';
  if (worker === undefined && !hasReplicas) return undefined;
  jobs.register({
    name: 'session_cleanup',
    run: async () => ({ result: { removed: await removeExpiredSessions(store, Date.now()) } }),
  });
  jobs.schedule({ name: 'session_cleanup', kind: 'session_cleanup', next: every(HOUR_MS) });
  const log = telemetry.log.child({ component: 'sessions' });
  return keepSessions({ store, log, secrets: secrets.session, worker });
}

interface KeptSessionsDeps {
  readonly store: Store;
  readonly log: Log;
  /** Sign ids: one that was made up costs no look into the store. */
  readonly secrets: SigningSecrets;
  /** Absent: replicas, which do not reach each other; whoever is asked takes over. */
  readonly worker: WorkerLink | undefined;
}

export interface KeptSessions {
  readonly journal: SessionJournal;
  readonly newId: () => string;
  route(sessions: Sessions): SessionRoute;
}

const RANDOM_BYTES = 32;
const MAC_BYTES = 16;
const NAME_BYTES = 6;
/** Sessions that were taken over from whom their ids name; one that is not remembered costs a look into the store. */
const MOVED_MAX = 20_000;
/** Others may take a session over at the same moment. */
const ATTEMPTS = 3;

/** One per process. */
function keepSessions({ store, log, secrets, worker }: KeptSessionsDeps): KeptSessions {
  const owner = worker?.name ?? `r${randomBytes(NAME_BYTES).toString('hex')}`;
  const journal = createSessionJournal({ store, owner, log, now: Date.now });
  const macOf = (text: string, { value }: SigningSecret): Buffer =>
    createHmac('sha256', value).update(`session ${text}`).digest().subarray(0, MAC_BYTES);
  const newId = (): string => {
    const text = `${owner}.${randomBytes(RANDOM_BYTES).toString('base64url')}`;
    return `${text}.${macOf(text, secrets.current()).toString('base64url')}`;
  };
  return {
    journal,
    newId,
    route: (sessions) => ({
      newId,
      ...createRoute({
        journal,
        sessions,
        worker,
        owner,
        openerOf(id) {
          const end = id.lastIndexOf('.');
          const mac = Buffer.from(id.slice(end + 1), 'base64url');
          const text = id.slice(0, Math.max(0, end));
          const isSignedBy = (secret: SigningSecret) => timingSafeEqual(mac, macOf(text, secret));
          const isOurs = mac.length === MAC_BYTES && secrets.accepted().some(isSignedBy);
          return isOurs ? text.slice(0, text.indexOf('.')) : undefined;
        },
      }),
    }),
  };
}

interface RouteDeps {
  readonly journal: SessionJournal;
  readonly sessions: Sessions;
  readonly worker: WorkerLink | undefined;
  readonly owner: string;
  /** The process that an id names; undefined for an id that none of us made. */
  readonly openerOf: (id: string) => string | undefined;
}

function createRoute(deps: RouteDeps): Pick<SessionRoute, 'find' | 'socketPath'> {
  const { journal, sessions, worker, owner, openerOf } = deps;
  const moved = new LRUCache<string, string>({ max: MOVED_MAX });
  const directory = worker?.directory ?? '';
  const isReady = (name: string): boolean => worker?.state().ready.some((one) => one.name === name) ?? false;
  const isLeaving = (name: string): boolean =>
    worker?.state().leaving.some((one) => one.name === name) ?? false;
  /** Somebody who can take a session that this process does not want any more. */
  const successor = (): string | undefined =>
    isLeaving(owner) ? worker?.state().ready.find(({ name }) => name !== owner)?.name : undefined;

  const locate = async (id: string, lost: string | undefined): Promise<string | undefined> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      let holder = await journal.ownerOf(id);
      if (holder === owner) {
        // Let go of here a moment ago: nobody else may take it before the store says so.
        await journal.flush();
        holder = await journal.ownerOf(id);
      }
      if (holder === undefined || sessions.has(id)) return undefined;
      const isThere = holder !== owner && holder !== lost && (isReady(holder) || isLeaving(holder));
      const next = isThere ? holder : successor();
      if (next !== undefined) {
        moved.set(id, next);
        return next;
      }
      const kept = await journal.claim(id, holder);
      if (kept === undefined) continue;
      sessions.adopt(id, kept);
      return undefined;
    }
    return undefined;
  };
  const pathOf = (name: string): string => socketPath(directory, name);
  return {
    socketPath: worker === undefined ? undefined : pathOf(owner),
    find(id, lost) {
      if (sessions.has(id)) return undefined;
      const opener = openerOf(id);
      if (opener === undefined) return undefined;
      const holder = moved.get(id) ?? opener;
      if (holder !== owner && pathOf(holder) !== lost && isReady(holder))
        return Promise.resolve(pathOf(holder));
      const gone = lost === undefined ? undefined : holder;
      return locate(id, gone).then((name) => (name === undefined ? undefined : pathOf(name)));
    },
  };
}

function socketPath(directory: string, name: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\quayside-${name}` : join(directory, name);
}

// Which sessions there are, and whose.
import type { Principal } from '../../tool.ts';
import type { HttpSession } from './http-session.ts';

/** One principal's share: beyond it the longest unused of its own sessions gives way. */
const SESSIONS_PER_PRINCIPAL_MAX = 1000;

/** A session in the table. */
export interface Held {
  readonly session: HttpSession;
  readonly idleMs: number;
  /** When the store was told last that it is in use. */
  notedAt: number;
}

/** By id and by principal. */
export class SessionTable {
  readonly #byId = new Map<string, Held>();
  readonly #byPrincipal = new Map<string, Set<HttpSession>>();

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Held | undefined {
    return this.#byId.get(id);
  }

  /** As they are now; the table may change meanwhile. */
  all(): readonly Held[] {
    return [...this.#byId.values()];
  }

  add(held: Held): void {
    const { session } = held;
    const key = principalKey(session.core.principal);
    const own = this.#byPrincipal.get(key) ?? new Set();
    this.#byPrincipal.set(key, own.add(session));
    this.#byId.set(session.id, held);
  }

  /** The one that has to go before this principal may have another. */
  surplusOf(principal: Principal): HttpSession | undefined {
    const own = this.#byPrincipal.get(principalKey(principal));
    return own === undefined || own.size < SESSIONS_PER_PRINCIPAL_MAX ? undefined : longestUnused(own);
  }

  /** False where it was gone before. */
  forget(session: HttpSession): boolean {
    if (!this.#byId.delete(session.id)) return false;
    const key = principalKey(session.core.principal);
    const own = this.#byPrincipal.get(key);
    own?.delete(session);
    if (own?.size === 0) this.#byPrincipal.delete(key);
    return true;
  }
}

/** Plans replace their principal objects; the same caller keeps type, tenant and id. */
export function principalKey({ type, tenantId, id }: Principal): string {
  return `${type} ${tenantId} ${id}`;
}

function longestUnused(sessions: ReadonlySet<HttpSession>): HttpSession {
  let oldest: HttpSession | undefined;
  for (const session of sessions)
    if (oldest === undefined || session.lastUsedAt < oldest.lastUsedAt) oldest = session;
  if (oldest === undefined) throw new RangeError('no session to end');
  return oldest;
}

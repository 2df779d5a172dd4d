// What a process keeps of its sessions in the store, and what another one gets of it: the same on both databases.
import { describe, expect, test } from 'vitest';
import { createMemoryEventStore } from '../../src/protocol/legacy/event-store.ts';
import { HttpSession } from '../../src/protocol/legacy/http-session.ts';
import { LegacySession } from '../../src/protocol/legacy/session.ts';
import {
  createSessionJournal,
  removeExpiredSessions,
  type SessionJournal,
} from '../../src/protocol/legacy/session-journal.ts';
import type { Store } from '../../src/store/store.ts';
import type { Principal } from '../../src/tool.ts';
import { SILENT_LOG } from '../support/http-endpoint.ts';
import { eachStore } from '../support/store.ts';

const IDLE_MS = 1000;
const PRINCIPAL = { type: 'key', tenantId: 'default', id: 'a' } as unknown as Principal;

interface Process {
  readonly journal: SessionJournal;
  readonly events: ReturnType<typeof createMemoryEventStore>;
}

function startProcess(store: Store, owner: string, now: () => number): Process {
  const journal = createSessionJournal({ store, owner, log: SILENT_LOG, now });
  const limits = { eventsPerSession: 5, bytesPerSession: 1000, bytesTotal: 10_000 };
  return { journal, events: createMemoryEventStore(limits, journal) };
}

function newSession({ events }: Process, id: string): HttpSession {
  const core = new LegacySession({
    id,
    slug: 'shop',
    principal: PRINCIPAL,
    version: '1.0.0',
    protocolVersion: '2025-11-25',
    capabilities: { sampling: {} },
    hub: undefined,
  });
  return new HttpSession({ core, id, events, now: 0, clientAddress: '127.0.0.1' });
}

eachStore(({ openStore }) => {
  describe('sessions in the store', () => {
    test('P65: another process gets what was agreed, and the events that are still kept, once', async () => {
      const store = await openStore();
      let now = 1_000_000;
      const [first, second, third] = ['one', 'two', 'three'].map((name) =>
        startProcess(store, name, () => now),
      ) as [Process, Process, Process];
      const session = newSession(first, 'session-a');
      await first.journal.opened(session, IDLE_MS, 'key default a');
      const ids = ['1', '2', '3', '4', '5', '6', '7'].map((text) =>
        first.events.append('session-a', 'g', text),
      );
      session.core.logLevel = 'warning';
      first.journal.changed(session);
      await first.journal.flush();
      now += 10;
      expect(await second.journal.ownerOf('session-a')).toBe('one');
      const claims = await Promise.all([
        second.journal.claim('session-a', 'one'),
        third.journal.claim('session-a', 'one'),
      ]);
      const [kept] = claims.filter((claim) => claim !== undefined);
      expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
      expect(kept?.row).toMatchObject({
        epoch: 1,
        server: 'shop',
        principal: 'key default a',
        protocol_version: '2025-11-25',
        capabilities: '{"sampling":{}}',
        log_level: 'warning',
        dropped: 2,
      });
      if (kept === undefined) return;
      second.events.restore('session-a', kept.events);
      // The first two made room; whoever saw neither of them starts anew.
      expect(await second.events.replay('session-a', ids[0] ?? '')).toBeUndefined();
      const replay = await second.events.replay('session-a', ids[4] ?? '');
      expect(replay?.events.map(({ message }) => message)).toEqual(['6', '7']);
      expect(ids).not.toContain(second.events.append('session-a', 'g', '8'));
    });

    test('P65: who has lost a session changes nothing of it any more', async () => {
      const store = await openStore();
      const [first, second] = ['one', 'two'].map((name) => startProcess(store, name, () => 1000)) as [
        Process,
        Process,
      ];
      const session = newSession(first, 'session-b');
      await first.journal.opened(session, IDLE_MS, 'key default a');
      await second.journal.claim('session-b', 'one');
      first.events.append('session-b', 'g', 'late');
      first.journal.closed('session-b');
      await first.journal.flush();
      expect(await first.journal.ownerOf('session-b')).toBe('two');
      const again = await first.journal.claim('session-b', 'two');
      expect(again?.events.events).toEqual([]);
    });

    test('P65: a session ends with its idle time, and what is left of it is removed', async () => {
      const store = await openStore();
      let now = 1000;
      const process = startProcess(store, 'one', () => now);
      await process.journal.opened(newSession(process, 'session-c'), IDLE_MS, 'key default a');
      process.events.append('session-c', 'g', 'event');
      await process.journal.flush();
      now += IDLE_MS;
      expect(await process.journal.ownerOf('session-c')).toBe('one');
      now += IDLE_MS;
      expect(await process.journal.ownerOf('session-c')).toBeUndefined();
      expect(await removeExpiredSessions(store, now)).toBe(0);
      expect(await removeExpiredSessions(store, now + 1)).toBe(1);
      expect(await process.journal.ownerOf('session-c')).toBeUndefined();
    });

    test('a session that ended, or was never kept, is nobody’s; one that was released is free', async () => {
      const store = await openStore();
      const process = startProcess(store, 'one', () => 1000);
      const [ended, released] = [newSession(process, 'session-d'), newSession(process, 'session-e')];
      for (const session of [ended, released])
        await process.journal.opened(session, IDLE_MS, 'key default a');
      process.journal.closed('session-d');
      process.journal.released(released);
      await process.journal.flush();
      expect(await process.journal.ownerOf('session-d')).toBeUndefined();
      expect(await process.journal.ownerOf('session-e')).toBe('');
      expect(await process.journal.ownerOf('session-f')).toBeUndefined();
    });
  });
});

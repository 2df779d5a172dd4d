// OAuth of the client runner: records in memory, and a person whose browser agrees to everything.

import type { Egress } from '../../../src/egress/egress.ts';
import type { JsonObject } from '../../../src/tool.ts';
import { createAuthorizations } from '../../../src/upstreams/oauth/authorizations.ts';
import type { OAuthRecords, RecordName } from '../../../src/upstreams/oauth/records.ts';
import type { OAuthDeps } from '../../../src/upstreams/oauth/upstream-oauth.ts';

const CALLBACK = 'http://localhost:3000/api/v1/upstreams/callback';
/** The suite takes this address as the client's id without reading it. */
const CLIENT_METADATA = 'https://conformance-test.local/client-metadata.json';
const NONCE = 'the browser of the person';

/** OAuth for one upstream, and what opens the page of a round and comes back. */
export interface Browser {
  readonly deps: OAuthDeps;
  open(page: string): Promise<void>;
}

export function createBrowser(egress: Egress): Browser {
  const records = recordsInMemory();
  const authorizations = createAuthorizations({
    egress,
    records,
    callbackUrl: () => CALLBACK,
    clientMetadataUrl: () => CLIENT_METADATA,
    now: Date.now,
  });
  return {
    deps: { egress, records, now: Date.now, authorizations, pageUrl: (state) => state },
    async open(state) {
      const round = await authorizations.open(state, NONCE);
      const answer = await fetch(round?.url ?? '', { redirect: 'manual' });
      const { searchParams } = new URL(answer.headers.get('location') ?? '');
      await authorizations.finish({
        state: searchParams.get('state') ?? '',
        nonce: NONCE,
        code: searchParams.get('code') ?? undefined,
        issuer: searchParams.get('iss') ?? undefined,
      });
    },
  };
}

function recordsInMemory(): OAuthRecords {
  const kept = new Map<string, JsonObject>();
  const told = new Set<() => void>();
  const keyOf = ({ kind, place, subject }: RecordName) => JSON.stringify([kind, place, subject]);
  const change = ({ kind }: RecordName) => {
    if (kind === 'grant') for (const tell of told) tell();
  };
  return {
    read: async (name) => kept.get(keyOf(name)),
    async latestGrant(place) {
      const last = [...kept].findLast(([key]) =>
        key.startsWith(JSON.stringify(['grant', place]).slice(0, -1)),
      );
      return last === undefined ? undefined : { subject: JSON.parse(last[0])[2], value: last[1] };
    },
    async write(name, value) {
      kept.delete(keyOf(name));
      kept.set(keyOf(name), value);
      change(name);
    },
    async remove(name) {
      const was = kept.delete(keyOf(name));
      change(name);
      return was;
    },
    watch(changed) {
      told.add(changed);
      return () => told.delete(changed);
    },
  };
}

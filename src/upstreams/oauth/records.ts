// What is kept of authorizations: grants, clients and rounds that are under way, sealed at rest (spec governance §9).
import { DataKeyGone, type DataKeys } from '../../secrets/vault/data-keys.ts';
import { seal, UnsealError, unseal } from '../../secrets/vault/envelope.ts';
import { systemStatement } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';
import type { JsonObject } from '../../tool.ts';

/** `grant`: by upstream and caller; `client`: by issuer; `round`: by the state that comes back. */
export interface RecordName {
  readonly kind: 'grant' | 'client' | 'round';
  /** `server/upstream` of a grant, else empty. */
  readonly place: string;
  readonly subject: string;
}

/** Values are JSON of whoever writes them. */
export interface OAuthRecords {
  read(name: RecordName): Promise<JsonObject | undefined>;
  /** The youngest grant of an upstream, and whose it is. */
  latestGrant(place: string): Promise<{ readonly subject: string; readonly value: JsonObject } | undefined>;
  /** `expiresAt`: epoch milliseconds after which nobody reads it. */
  write(name: RecordName, value: JsonObject, expiresAt?: number): Promise<void>;
  /** False when there was none: of two who take the same, one gets it. */
  remove(name: RecordName): Promise<boolean>;
  /** Told when a grant was written or removed by any process. Returns the way to stop. */
  watch(changed: () => void): () => void;
}

interface Row {
  readonly subject: string;
  readonly key_id: string;
  readonly value: string;
}

const FIND = systemStatement<Row>(
  'upstream_oauth.find',
  `SELECT subject, key_id, value FROM upstream_oauth
   WHERE kind = :kind AND place = :place AND subject = :subject AND expires_at > :now`,
);
const LATEST = systemStatement<Row>(
  'upstream_oauth.latest',
  `SELECT subject, key_id, value FROM upstream_oauth WHERE kind = 'grant' AND place = :place
   ORDER BY updated_at DESC, subject LIMIT 1`,
);
/** Finds nothing to insert when the key was retired meanwhile. The casts tell PostgreSQL what a bare value is. */
const PUT = systemStatement(
  'upstream_oauth.put',
  `INSERT INTO upstream_oauth (kind, place, subject, key_id, value, expires_at, updated_at)
   SELECT CAST(:kind AS TEXT), CAST(:place AS TEXT), CAST(:subject AS TEXT), id, CAST(:value AS TEXT),
     CAST(:expires AS BIGINT), CAST(:now AS BIGINT)
   FROM encryption_keys WHERE id = :key AND retired_at IS NULL
   ON CONFLICT (kind, place, subject) DO UPDATE SET key_id = excluded.key_id, value = excluded.value,
     expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
);
const REMOVE = systemStatement(
  'upstream_oauth.remove',
  'DELETE FROM upstream_oauth WHERE kind = :kind AND place = :place AND subject = :subject',
);
const CLEAR = systemStatement('upstream_oauth.clear', 'DELETE FROM upstream_oauth WHERE expires_at <= :now');

const TOPIC = 'upstream_oauth';
/** Beyond any clock. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Over the durable state. */
export function createOAuthRecords(deps: {
  readonly store: Store;
  readonly dataKeys: DataKeys;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): OAuthRecords {
  const { store, dataKeys, now } = deps;
  /** What cannot be opened any more is none: its caller authorizes us once more. */
  const open = async (name: RecordName, row: Row): Promise<JsonObject | undefined> => {
    try {
      const { key } = await dataKeys.find(row.key_id);
      return parseValue(unseal(key, Buffer.from(row.value, 'base64url'), sealedPlace(name)));
    } catch (error) {
      if (error instanceof DataKeyGone || error instanceof UnsealError) return undefined;
      throw error;
    }
  };
  const told = ({ kind }: RecordName) => (kind === 'grant' ? [store.announce(TOPIC)] : []);
  const put = async (name: RecordName, value: JsonObject, expires: number): Promise<boolean> => {
    const { id, key } = await dataKeys.current();
    const sealed = seal(key, Buffer.from(JSON.stringify(value)), sealedPlace(name)).toString('base64url');
    const values = { ...name, key: id, value: sealed, expires, now: now() };
    const clear = { statement: CLEAR, values: { now: now() } };
    const [written] = await store.write('system', [{ statement: PUT, values }, clear, ...told(name)]);
    return written?.changes === 1;
  };
  return {
    async read(name) {
      const [row] = await store.read('system', FIND, { ...name, now: now() });
      return row === undefined ? undefined : open(name, row);
    },
    async latestGrant(place) {
      const [row] = await store.read('system', LATEST, { place });
      if (row === undefined) return undefined;
      const { subject } = row;
      const value = await open({ kind: 'grant', place, subject }, row);
      return value === undefined ? undefined : { subject, value };
    },
    async write(name, value, expiresAt = NEVER) {
      if (await put(name, value, expiresAt)) return;
      // A rotation has retired the key that this process knew.
      dataKeys.forgetCurrent();
      if (!(await put(name, value, expiresAt)))
        throw new Error('No data key seals: rotations follow each other.');
    },
    async remove(name) {
      const [removed] = await store.write('system', [
        { statement: REMOVE, values: { ...name } },
        ...told(name),
      ]);
      return removed?.changes === 1;
    },
    watch: (changed) => store.watch(TOPIC, changed),
  };
}

/** What is sealed for one caller opens for no other. */
function sealedPlace({ kind, place, subject }: RecordName) {
  return {
    table: 'upstream_oauth',
    column: 'value',
    row: JSON.stringify([kind, place, subject]),
    tenant: '*',
  };
}

/** Written by this part. */
function parseValue(plain: Buffer): JsonObject {
  return JSON.parse(plain.toString('utf8'));
}

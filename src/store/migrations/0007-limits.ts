// Counters of rate limits, where several processes share PostgreSQL and no Redis. SQLite serves one process, which counts
// in its memory.
import { type Migration, systemTable } from './migration.ts';

/**
 * Not written to the log of the database: a counter is worth nothing after a crash, and a commit that waits for no disk
 * is ten times as fast. Half of each page stays free, so that an update needs no new index entry.
 */
const RATE_LIMITS = `CREATE UNLOGGED TABLE rate_limits (
  key TEXT PRIMARY KEY,
  used BIGINT NOT NULL,
  since BIGINT NOT NULL,
  parts BIGINT[] NOT NULL,
  warned_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITH (fillfactor = 50)`;

/**
 * How long until all but `keep` requests of a counter have left, in microseconds. The kinds are those of `take_limits`.
 */
const UNTIL_FREED = `CREATE FUNCTION quayside.limit_freed(
  state quayside.rate_limits, kind text, span bigint, keep bigint, now bigint
) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  freed bigint := 0;
  section bigint;
BEGIN
  IF kind = 'f' THEN
    RETURN state.since + span - now;
  ELSIF kind = 'l' THEN
    RETURN state.parts[state.used - keep] + span - now;
  END IF;
  FOR age IN REVERSE 128 .. 0 LOOP
    section := state.since - age;
    freed := freed + state.parts[section % 129 + 1];
    IF freed >= state.used - keep THEN
      RETURN (section + 129) * span / 128 - now;
    END IF;
  END LOOP;
  RETURN span;
END
$function$`;

/**
 * Takes from several counters, or from none. `buckets` is a JSON array of [key, kind, limit, most, window in ms]; a
 * kind is `f`ixed window (`since` its start), `l`og of times (`parts`) or `s`lices of the window (`since` the newest,
 * `parts` the counts of 129). Times are microseconds of the server's clock. Answers `[1, tightest, left, reset, warned,
 * excess]` with the last two as bit sets, or `[0, refusing, used, wait, reset]`; times in milliseconds, buckets from 1.
 * The locks are taken in one order, so that two calls cannot wait for each other, and a refusal writes nothing.
 */
const TAKE_LIMITS = `CREATE FUNCTION quayside.take_limits(buckets jsonb, cost bigint)
RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
  now bigint;
  amount integer := jsonb_array_length(buckets);
  bucket jsonb;
  kind text;
  span bigint;
  most bigint;
  section bigint;
  wait bigint;
  reset bigint;
  longest bigint := -1;
  refusing integer := 0;
  answer bigint[];
  state quayside.rate_limits;
  states quayside.rate_limits[];
  least_left bigint;
  tightest integer := 0;
  tightest_reset bigint := 0;
  warned bigint := 0;
  excess bigint := 0;
  place integer;
BEGIN
  PERFORM pg_advisory_xact_lock(locks.lock) FROM (
    SELECT DISTINCT hashtextextended(one->>0, 0) AS lock FROM jsonb_array_elements(buckets) AS one ORDER BY 1
  ) AS locks;
  now := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  FOR i IN 1 .. amount LOOP
    bucket := buckets->(i - 1);
    kind := bucket->>1;
    most := (bucket->>3)::bigint;
    span := (bucket->>4)::bigint * 1000;
    SELECT * INTO state FROM quayside.rate_limits AS known WHERE known.key = bucket->>0;
    IF NOT FOUND THEN
      state := ROW(bucket->>0, 0, 0, '{}'::bigint[], 0, 0);
    END IF;
    IF kind = 'f' THEN
      IF state.used = 0 OR now - state.since >= span THEN
        state.used := 0;
        state.since := now;
      END IF;
    ELSIF kind = 'l' THEN
      place := 1;
      WHILE place <= cardinality(state.parts) AND now - state.parts[place] >= span LOOP
        place := place + 1;
      END LOOP;
      IF place > 1 THEN
        state.parts := state.parts[place:];
      END IF;
      state.used := cardinality(state.parts);
    ELSE
      section := now * 128 / span;
      IF cardinality(state.parts) = 0 THEN
        state.parts := array_fill(0::bigint, ARRAY[129]);
        state.since := section;
      END IF;
      FOR step IN 1 .. least(section - state.since, 129) LOOP
        place := (state.since + step) % 129 + 1;
        state.used := state.used - state.parts[place];
        state.parts[place] := 0;
      END LOOP;
      state.since := greatest(state.since, section);
    END IF;
    states[i] := state;
    IF state.used + cost > most THEN
      wait := span;
      IF cost <= most THEN
        wait := quayside.limit_freed(state, kind, span, most - cost, now);
      END IF;
      IF wait > longest THEN
        longest := wait;
        reset := 0;
        IF state.used > 0 THEN
          reset := quayside.limit_freed(state, kind, span, 0, now);
        END IF;
        refusing := i;
        answer := ARRAY[0, i, state.used, (wait + 999) / 1000, (reset + 999) / 1000];
      END IF;
    END IF;
  END LOOP;
  IF refusing > 0 THEN
    RETURN array_to_json(answer)::text;
  END IF;
  FOR i IN 1 .. amount LOOP
    bucket := buckets->(i - 1);
    kind := bucket->>1;
    span := (bucket->>4)::bigint * 1000;
    state := states[i];
    state.used := state.used + cost;
    reset := span;
    IF kind = 'f' THEN
      reset := state.since + span - now;
    ELSIF kind = 'l' THEN
      state.parts := state.parts || array_fill(now, ARRAY[cost::integer]);
    ELSE
      place := state.since % 129 + 1;
      state.parts[place] := state.parts[place] + cost;
      reset := (state.since + 129) * span / 128 - now;
    END IF;
    state.expires_at := now + reset;
    IF state.used >= (bucket->>2)::bigint * 0.8 AND now >= state.warned_until THEN
      state.warned_until := now + reset;
      warned := warned | (1 << (i - 1));
    END IF;
    IF state.used > (bucket->>2)::bigint THEN
      excess := excess | (1 << (i - 1));
    END IF;
    IF least_left IS NULL OR (bucket->>2)::bigint - state.used < least_left THEN
      least_left := (bucket->>2)::bigint - state.used;
      tightest := i;
      tightest_reset := reset;
    END IF;
    states[i] := state;
  END LOOP;
  INSERT INTO quayside.rate_limits AS known SELECT * FROM unnest(states)
    ON CONFLICT (key) DO UPDATE SET used = excluded.used, since = excluded.since, parts = excluded.parts,
      warned_until = excluded.warned_until, expires_at = excluded.expires_at;
  RETURN array_to_json(ARRAY[1, tightest, greatest(least_left, 0), (tightest_reset + 999) / 1000, warned, excess])::text;
END
$function$`;

const FREED = 'quayside.limit_freed(quayside.rate_limits, text, bigint, bigint, bigint)';
const TAKE = 'quayside.take_limits(jsonb, bigint)';

export const limits: Migration = {
  id: 7,
  name: 'limits',
  up: {
    sqlite: [],
    postgres: [
      RATE_LIMITS,
      ...systemTable('rate_limits'),
      UNTIL_FREED,
      TAKE_LIMITS,
      ...[FREED, TAKE].flatMap((name) => [
        `REVOKE ALL ON FUNCTION ${name} FROM PUBLIC`,
        `GRANT EXECUTE ON FUNCTION ${name} TO {{app}}`,
      ]),
    ],
  },
  down: {
    sqlite: [],
    postgres: [`DROP FUNCTION ${TAKE}`, `DROP FUNCTION ${FREED}`, 'DROP TABLE rate_limits'],
  },
};

// Rate limits of many calls in one statement: what the calls of a node share is looked at and written once for all of them.
import type { Migration } from './migration.ts';

/** A counter with so much more taken from it. The kinds are those of `take_limits`. */
const COUNTED = `CREATE FUNCTION quayside.limit_counted(
  state quayside.rate_limits, kind text, cost bigint, now bigint
) RETURNS quayside.rate_limits LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  place integer;
BEGIN
  state.used := state.used + cost;
  IF kind = 'l' THEN
    state.parts := state.parts || array_fill(now, ARRAY[cost::integer]);
  ELSIF kind = 's' THEN
    place := state.since % 129 + 1;
    state.parts[place] := state.parts[place] + cost;
  END IF;
  RETURN state;
END
$function$`;

/** A counter as it stands now: what has left its window is gone. */
const CURRENT = `CREATE FUNCTION quayside.limit_current(
  state quayside.rate_limits, kind text, span bigint, now bigint
) RETURNS quayside.rate_limits LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  section bigint;
  place integer := 1;
BEGIN
  IF kind = 'f' THEN
    IF state.used = 0 OR now - state.since >= span THEN
      state.used := 0;
      state.since := now;
    END IF;
  ELSIF kind = 'l' THEN
    WHILE place <= cardinality(state.parts) AND now - state.parts[place] >= span LOOP
      place := place + 1;
    END LOOP;
    IF place > 1 THEN
      state.parts := state.parts[place:];
    END IF;
    state.used := cardinality(state.parts);
  ELSE
    section := now * 128 / span;
    IF cardinality(state.parts) = 0 OR section - state.since > 128 THEN
      state.used := 0;
      state.parts := array_fill(0::bigint, ARRAY[129]);
      state.since := section;
    END IF;
    FOR step IN 1 .. section - state.since LOOP
      place := (state.since + step) % 129 + 1;
      state.used := state.used - state.parts[place];
      state.parts[place] := 0;
    END LOOP;
    state.since := greatest(state.since, section);
  END IF;
  RETURN state;
END
$function$`;

/**
 * Many calls of `take_limits` at one moment, in their order. `names` are the keys of the counters, each once; `rules` has
 * four numbers of each: its kind (1 `f`, 2 `l`, 3 `s`), limit, most, window in ms; `takes` the calls one after another:
 * cost, how many counters, and which, from 1. Answers six numbers a call, as `take_limits` does, the last of a refusal 0.
 *
 * All locks are those of `take_limits`, in its order, so that nodes of either version count together. Between the first
 * look and the write a call costs a few additions: the counters themselves are touched once per batch.
 */
const TAKE_BATCH = `CREATE FUNCTION quayside.take_limits_batch(names jsonb, rules bigint[], takes bigint[])
RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
  now bigint;
  keys text[] := ARRAY(SELECT jsonb_array_elements_text(names));
  amount integer := cardinality(keys);
  length integer := cardinality(takes);
  kinds text[];
  states quayside.rate_limits[];
  state quayside.rate_limits;
  used bigint[] := array_fill(0::bigint, ARRAY[amount]);
  fresh bigint[] := array_fill(0::bigint, ARRAY[amount]);
  resets bigint[] := array_fill(0::bigint, ARRAY[amount]);
  warned_until bigint[] := array_fill(0::bigint, ARRAY[amount]);
  changed boolean[] := array_fill(false, ARRAY[amount]);
  written quayside.rate_limits[];
  answers bigint[] := '{}';
  at integer := 1;
  i integer;
  cost bigint;
  count integer;
  span bigint;
  wait bigint;
  longest bigint;
  refusing integer;
  refused_by integer;
  room bigint;
  least_left bigint;
  tightest integer;
  warned bigint;
  excess bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(locks.lock) FROM (
    SELECT DISTINCT hashtextextended(one, 0) AS lock FROM unnest(keys) AS one ORDER BY 1
  ) AS locks;
  now := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  FOR i IN 1 .. amount LOOP
    kinds[i] := substr('fls', rules[i * 4 - 3]::integer, 1);
    span := rules[i * 4] * 1000;
    SELECT * INTO state FROM quayside.rate_limits AS known WHERE known.key = keys[i];
    IF NOT FOUND THEN
      state := ROW(keys[i], 0, 0, '{}'::bigint[], 0, 0);
    END IF;
    state := quayside.limit_current(state, kinds[i], span, now);
    states[i] := state;
    used[i] := state.used;
    warned_until[i] := state.warned_until;
    resets[i] := CASE kinds[i]
      WHEN 'f' THEN state.since + span - now
      WHEN 'l' THEN span
      ELSE (state.since + 129) * span / 128 - now
    END;
  END LOOP;
  WHILE at < length LOOP
    cost := takes[at];
    count := takes[at + 1];
    at := at + 1;
    longest := -1;
    refusing := 0;
    FOR j IN 1 .. count LOOP
      i := takes[at + j];
      IF used[i] + cost > rules[i * 4 - 1] THEN
        span := rules[i * 4] * 1000;
        wait := span;
        IF fresh[i] > 0 THEN
          states[i] := quayside.limit_counted(states[i], kinds[i], fresh[i], now);
          fresh[i] := 0;
        END IF;
        IF cost <= rules[i * 4 - 1] THEN
          wait := quayside.limit_freed(states[i], kinds[i], span, rules[i * 4 - 1] - cost, now);
        END IF;
        IF wait > longest THEN
          longest := wait;
          refusing := j;
          refused_by := i;
        END IF;
      END IF;
    END LOOP;
    IF refusing > 0 THEN
      wait := 0;
      IF used[refused_by] > 0 THEN
        wait := quayside.limit_freed(states[refused_by], kinds[refused_by], rules[refused_by * 4] * 1000, 0, now);
      END IF;
      answers := answers || ARRAY[0, refusing, used[refused_by], (longest + 999) / 1000, (wait + 999) / 1000, 0];
    ELSE
      least_left := NULL;
      warned := 0;
      excess := 0;
      FOR j IN 1 .. count LOOP
        i := takes[at + j];
        used[i] := used[i] + cost;
        fresh[i] := fresh[i] + cost;
        changed[i] := true;
        room := rules[i * 4 - 2] - used[i];
        IF used[i] >= rules[i * 4 - 2] * 0.8 AND now >= warned_until[i] THEN
          warned_until[i] := now + resets[i];
          warned := warned | (1 << (j - 1));
        END IF;
        IF room < 0 THEN
          excess := excess | (1 << (j - 1));
        END IF;
        IF least_left IS NULL OR room < least_left THEN
          least_left := room;
          tightest := j;
        END IF;
      END LOOP;
      answers := answers || ARRAY[
        1, tightest, greatest(least_left, 0), (resets[takes[at + tightest]] + 999) / 1000, warned, excess
      ];
    END IF;
    at := at + count + 1;
  END LOOP;
  FOR i IN 1 .. amount LOOP
    IF changed[i] THEN
      state := states[i];
      IF fresh[i] > 0 THEN
        state := quayside.limit_counted(state, kinds[i], fresh[i], now);
      END IF;
      state.warned_until := warned_until[i];
      state.expires_at := now + resets[i];
      written := written || state;
    END IF;
  END LOOP;
  INSERT INTO quayside.rate_limits AS known SELECT * FROM unnest(written)
    ON CONFLICT (key) DO UPDATE SET used = excluded.used, since = excluded.since, parts = excluded.parts,
      warned_until = excluded.warned_until, expires_at = excluded.expires_at;
  RETURN array_to_json(answers)::text;
END
$function$`;

const FUNCTIONS = [
  'quayside.limit_counted(quayside.rate_limits, text, bigint, bigint)',
  'quayside.limit_current(quayside.rate_limits, text, bigint, bigint)',
  'quayside.take_limits_batch(jsonb, bigint[], bigint[])',
];

/** `take_limits` stays for nodes of the version before. */
export const limitBatches: Migration = {
  id: 20,
  name: 'limit_batches',
  up: {
    sqlite: [],
    postgres: [
      COUNTED,
      CURRENT,
      TAKE_BATCH,
      ...FUNCTIONS.flatMap((name) => [
        `REVOKE ALL ON FUNCTION ${name} FROM PUBLIC`,
        `GRANT EXECUTE ON FUNCTION ${name} TO {{app}}`,
      ]),
    ],
  },
  down: { sqlite: [], postgres: FUNCTIONS.toReversed().map((name) => `DROP FUNCTION ${name}`) },
};

// Tells statements that leave no trace on their session from those that may: a session is shared by all callers.
// Those that may run in a read-only transaction that is rolled back, and the session is reset after it. What a view
// of the database itself calls is not seen here: views are trusted as tables are, and a changed guard is still noticed.
import { DatabaseError } from '../database.ts';
import type { Statement } from '../statement.ts';

/** Words that may stand before `(` without being a function. */
const WORDS =
  'all and any array as between by case cast coalesce cube distinct else except exists filter from group grouping having ' +
  'in intersect interval is join lateral like ilike limit materialized not nullif offset on or order over partition ' +
  'recursive rollup row rows select sets similar some then tablesample union using values when where window with within';
/** Built-in functions that are immutable or stable, and the harmless volatile ones (random, clock_timestamp ...). */
const FUNCTIONS =
  'abs age array_agg array_append array_cat array_length array_position array_remove array_to_json array_to_string ' +
  'array_upper avg bit_and bit_or bool_and bool_or btrim cardinality ceil ceiling char_length character_length ' +
  'clock_timestamp concat concat_ws corr count cume_dist date_bin date_part date_trunc degrees dense_rank div encode ' +
  'every exp extract first_value floor format gen_random_uuid generate_series greatest initcap isfinite json_agg ' +
  'json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each ' +
  'json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_typeof ' +
  'jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object ' +
  'jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object jsonb_object_agg ' +
  'jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_set ' +
  'jsonb_strip_nulls jsonb_typeof justify_days justify_hours justify_interval lag last_value lead least left length ln ' +
  'log lower lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz max md5 min mod mode ' +
  'nth_value ntile now num_nonnulls num_nulls octet_length overlay percent_rank percentile_cont percentile_disc pi ' +
  'plainto_tsquery phraseto_tsquery position power radians random rank regexp_match regexp_matches regexp_replace ' +
  'regexp_split_to_array regexp_split_to_table repeat replace reverse right round row_number row_to_json rpad rtrim ' +
  'sign similarity split_part sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg ' +
  'string_to_array strpos substr substring sum timezone to_char to_date to_json to_jsonb to_number to_timestamp ' +
  'to_tsquery to_tsvector translate trim trunc ts_headline ts_rank ts_rank_cd unnest upper var_pop var_samp variance ' +
  'websearch_to_tsquery width_bucket word_similarity';
const QUIET: ReadonlySet<string> = new Set(`${WORDS} ${FUNCTIONS}`.split(' '));

/** Reach files, other servers, other sessions or the session's own settings, or run SQL that is hidden in a string. */
const REFUSED =
  /^(?:dblink.*|lo_.*|loread|lowrite|pg_read_.*|pg_ls_.*|pg_stat_file|pg_file_.*|pg_logical_.*|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal|pg_create_.*|pg_drop_.*|pg_promote|set_config|setval|nextval|currval|lastval|query_to_xml.*|cursor_to_xml.*|table_to_xml.*|schema_to_xml.*|database_to_xml.*|ts_stat|pg_notify)$/;

/** Throws DatabaseError `refused` for what a read never needs. What evades this list still meets a read-only session. */
export function checkPostgresStatement({ words, calls }: Statement): void {
  if (words.includes('into'))
    throw new DatabaseError('refused', 'SELECT INTO creates a table; only reads are allowed.');
  const refused = calls.find((name) => REFUSED.test(name));
  if (refused !== undefined)
    throw new DatabaseError('refused', `The function ${refused} does more than read.`);
}

/** True when every function that the statement names is known to leave nothing behind on the session. */
export function isQuiet({ calls, obscured }: Statement): boolean {
  return !obscured && calls.every((name) => QUIET.has(name));
}

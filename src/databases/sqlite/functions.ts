// The SQL functions that read statements may call on SQLite (spec sql §5: an allow-list), and those cheap enough
// for the main thread. Absent on purpose: load_extension, fts3_tokenizer, fts5, sqlite_log, edit, readfile, writefile.

const AGGREGATES =
  'avg count group_concat json_group_array json_group_object jsonb_group_array jsonb_group_object max median min ' +
  'percentile percentile_cont percentile_disc string_agg sum total';
const WINDOW =
  'cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number';
const TEXT =
  'char concat concat_ws format glob hex instr length like lower ltrim octet_length printf quote replace rtrim ' +
  'soundex substr substring trim unhex unicode unistr unistr_quote upper zeroblob';
const NUMBERS =
  'abs acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow ' +
  'power radians random randomblob round sign sin sinh sqrt tan tanh trunc';
const TIMES =
  'current_date current_time current_timestamp date datetime julianday strftime time timediff unixepoch';
const JSON_FUNCTIONS =
  '-> ->> json json_array json_array_insert json_array_length json_error_position json_extract json_insert json_object ' +
  'json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid json_each json_tree jsonb ' +
  'jsonb_array jsonb_array_insert jsonb_each jsonb_extract jsonb_insert jsonb_object jsonb_patch jsonb_remove ' +
  'jsonb_replace jsonb_set jsonb_tree';
const CHOICES = 'coalesce if ifnull iif likelihood likely nullif subtype typeof unlikely';
const FULL_TEXT = 'bm25 highlight match matchinfo offsets snippet';
const VERSIONS = 'sqlite_version sqlite_source_id';

/** Everything an authorizer lets through. A function that SQLite gains later is refused until it is added here. */
export const READ_FUNCTIONS: ReadonlySet<string> = new Set(
  [AGGREGATES, WINDOW, TEXT, NUMBERS, TIMES, JSON_FUNCTIONS, CHOICES, FULL_TEXT, VERSIONS]
    .join(' ')
    .split(' '),
);

/**
 * Cost at most proportional to their arguments' length, which the main connection bounds. Absent: those that
 * may cost the product of two lengths or more (instr, replace, trim, like, glob), make large values
 * (randomblob, zeroblob, printf, hex) or parse (json).
 */
export const CHEAP_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'abs ceil ceiling coalesce current_date current_time current_timestamp date datetime floor ifnull iif julianday ' +
    'length lower max min mod nullif octet_length round sign strftime substr substring time trunc typeof unicode ' +
    'unixepoch upper'
  ).split(' '),
);

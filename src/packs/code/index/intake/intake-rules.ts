// Which files of a tree are searched, as plain data that crosses threads and is fingerprinted in the manifest.

import { createHash } from 'node:crypto';

/** The rules; {@link toIntakeRules} fills in the defaults. */
export interface IntakeRules {
  /** `standard` honours ignore files; `none` reads everything, as `rg --no-ignore`. */
  readonly ignore: 'standard' | 'none';
  /** Whether names that begin with a dot are searched. An ignore file may include them one by one. */
  readonly hidden: boolean;
  /** Ignore files read in every directory; a later name outranks an earlier one whatever the depth. */
  readonly ignoreFiles: readonly string[];
  /** Patterns in gitignore syntax relative to the root, which no ignore file can undo. */
  readonly exclude: readonly string[];
  /** Whether private keys and files that commonly hold secrets are left out. */
  readonly secrets: 'exclude' | 'include';
  /** Larger files are left out. */
  readonly fileBytesMax: number;
  /** Files with a longer line are left out: they are data or minified. */
  readonly lineBytesMax: number;
}

/** 10 MiB: larger sources are generated. */
const FILE_BYTES_MAX = 10 << 20;
/** 1 MiB: no human line is longer. */
const LINE_BYTES_MAX = 1 << 20;

const DEFAULTS: IntakeRules = {
  ignore: 'standard',
  hidden: false,
  ignoreFiles: ['.gitignore', '.ignore', '.rgignore', '.mcp-index-ignore'],
  exclude: [],
  secrets: 'exclude',
  fileBytesMax: FILE_BYTES_MAX,
  lineBytesMax: LINE_BYTES_MAX,
};

/** The rules with every default filled in. */
export function toIntakeRules(options: Partial<IntakeRules>): IntakeRules {
  return { ...DEFAULTS, ...options };
}

/** Changes when the rules do; a manifest made under other rules is checked file by file. */
export function fingerprintRules(rules: IntakeRules): string {
  return createHash('sha256')
    .update(JSON.stringify(rules, Object.keys(DEFAULTS).sort()))
    .digest('hex')
    .slice(0, 16);
}

// Levels of the log and who is at which: one threshold for the process, and one per component where set.

/** Level texts of spec operations §4, least severe first. */
export const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical'] as const;
/** Level texts of spec operations §4. */
export type Level = (typeof LEVELS)[number];

/** Order of severity, in the numbers that pino's own levels have. */
export const SEVERITY: Readonly<Record<Level, number>> = {
  debug: 20,
  info: 30,
  notice: 35,
  warning: 40,
  error: 50,
  critical: 60,
};

/** RFC 5424 severities as journald reads them from a line's start (sd-daemon(3)). */
export const JOURNAL_PRIORITY: Readonly<Record<Level, number>> = {
  debug: 7,
  info: 6,
  notice: 5,
  warning: 4,
  error: 3,
  critical: 2,
};

/** The level that `text` names in any case, with the usual other names; undefined when it names none. */
export function parseLevel(text: string): Level | undefined {
  const name = text.trim().toLowerCase();
  if (name === 'warn') return 'warning';
  if (name === 'trace') return 'debug';
  if (name === 'fatal' || name === 'crit' || name === 'alert' || name === 'emergency') return 'critical';
  if (name === 'err') return 'error';
  return LEVELS.find((level) => level === name);
}

/** What a line must reach to be written. One object per component, so that a change is seen at once. */
export interface Threshold {
  severity: number;
}

/** Tells whether the code that runs is part of a request of which every line is wanted. */
export interface DebugScope {
  getStore(): true | undefined;
}

/** By the threshold, or by the scope; muted components stay silent. */
export function isWritten(level: Level, threshold: Threshold, scope: DebugScope): boolean {
  if (SEVERITY[level] >= threshold.severity) return true;
  return scope.getStore() === true && threshold.severity !== Number.POSITIVE_INFINITY;
}

/** Thresholds that can be changed while the process runs. */
export interface Levels {
  of(component: string | undefined): Threshold;
  /** The level in force for the process, or for one component. */
  get(component?: string): Level;
  /** The level a component has of its own. */
  own(component: string): Level | undefined;
  /** Returns the level that was in force. A component's own level is dropped with `undefined`. */
  set(level: Level | undefined, component?: string): Level;
}

/** Components that exist before anything is known of them; a name beyond this many shares the process's level. */
const COMPONENTS_MAX = 200;

/** `muted` components write nothing at any level. */
export function createLevels(options: {
  readonly level: Level;
  readonly components: Readonly<Record<string, Level>>;
  readonly muted: readonly string[];
}): Levels {
  let common = options.level;
  const root: Threshold = { severity: SEVERITY[common] };
  const own = new Map<string, Level>(Object.entries(options.components));
  const thresholds = new Map<string, Threshold>();

  const refresh = (): void => {
    root.severity = SEVERITY[common];
    for (const [component, threshold] of thresholds) {
      threshold.severity = options.muted.includes(component)
        ? Number.POSITIVE_INFINITY
        : SEVERITY[own.get(component) ?? common];
    }
  };
  const of = (component: string | undefined): Threshold => {
    if (component === undefined) return root;
    const known = thresholds.get(component);
    if (known !== undefined) return known;
    if (thresholds.size >= COMPONENTS_MAX) return root;
    const threshold = { severity: 0 };
    thresholds.set(component, threshold);
    refresh();
    return threshold;
  };
  return {
    of,
    get: (component) => (component === undefined ? common : (own.get(component) ?? common)),
    own: (component) => own.get(component),
    set(level, component) {
      const previous = component === undefined ? common : (own.get(component) ?? common);
      if (component === undefined) common = level ?? options.level;
      else if (level === undefined) own.delete(component);
      else own.set(component, level);
      refresh();
      return previous;
    },
  };
}

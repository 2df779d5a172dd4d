// What the primary and its workers say to each other.

/** What a worker has to know to begin; asked for before anything is opened. */
export interface WorkerStart {
  /** From 1; the worker that takes a dead one's place has the same. */
  readonly slot: number;
  /** Of this one process, never used again; names the sessions that it opens. Small letters and digits. */
  readonly name: string;
  /** How many workers there are to be. */
  readonly workers: number;
  /** A folder that only this user can enter: the workers reach each other there. */
  readonly directory: string;
  /** Its lines reach the journal by way of the primary. */
  readonly writesToJournal: boolean;
}

/** What all workers know of one another. */
export interface FleetState {
  /** How many there are to be; while they are started for the first time, how many there are. */
  readonly wanted: number;
  /** The whole service ends, or was told to take nothing new. */
  readonly isDraining: boolean;
  /** Those that answer calls, lowest slot first; the first does what only one of them must do. */
  readonly ready: readonly Member[];
  /** Those that answer what they hold and are about to end. */
  readonly leaving: readonly Member[];
}

export interface Member {
  readonly slot: number;
  readonly name: string;
  readonly pid: number;
}

/** Where a worker wants to be reached, and what came of it. */
export interface ListenWish {
  readonly host: string;
  readonly port: number;
}
export type ListenOutcome =
  | { readonly port: number }
  | { readonly refused: string; readonly message: string };

/** A connection travels beside this message. */
export interface ConnectionMessage {
  readonly quayside: 'connection';
  readonly id: number;
}

/** What a reload in one worker came to. */
export interface WorkerReload {
  /** Why the plan before it is served on. */
  readonly error?: string;
  /** Keys that only a new process can follow. */
  readonly needsRestart: readonly string[];
}

/** Topics that a worker sends to the primary. */
export const TO_PRIMARY = {
  start: 'start',
  listen: 'listen',
  connection: 'connection',
  ready: 'ready',
  leaving: 'leaving',
  take: 'limits.take',
  borrow: 'slots.borrow',
  giveBack: 'slots.give-back',
  metrics: 'metrics.all',
  reload: 'reload.all',
  drain: 'drain.all',
  undrain: 'undrain.all',
  publish: 'publish',
} as const;

/** Topics that the primary sends to a worker. */
export const TO_WORKER = {
  state: 'state',
  report: 'report',
  reload: 'reload',
  metrics: 'metrics',
  signal: 'signal',
  drain: 'drain',
  undrain: 'undrain',
  published: 'published',
} as const;

/** Longer than the largest definition takes to compile. */
export const RELOAD_WITHIN_MS = 60_000;
/** A worker that is this busy is left out of a scrape rather than holding it up. */
export const METRICS_WITHIN_MS = 2000;
/** News that must have arrived before its sender goes on; a worker that hangs does not hold up the others. */
export const PUBLISH_WITHIN_MS = 1000;

// What the load process is asked to do and what it reports: the words between it and the runner.

/** One request of a set, as the bytes that go over the wire, and a text that only a right answer contains. */
export interface LoadRequest {
  readonly bytes: string;
  readonly expected: string;
}

export interface LoadJob {
  readonly port: number;
  /** Sent in turn, so that no server can live from one remembered answer. */
  readonly requests: readonly LoadRequest[];
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Requests per second of an open loop; absent: a closed loop, each connection sends when it was answered. */
  readonly rate?: number;
  /** The server's process, whose processor time and memory are read at the edges of the measurement. */
  readonly pid: number;
}

export interface LoadResult {
  /** Right answers in the measured time; the first wrong one ends the job with an error instead. */
  readonly answers: number;
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server and its children for one answer. */
  readonly cpuMicrosPerAnswer: number;
  /** Of that, the server's main thread, which no other core can relieve. */
  readonly loopMicrosPerAnswer: number;
  /** Highest resident memory seen of the server and its children. */
  readonly residentMb: number;
  /** Share of its own core that the load process used: near 1 it is what was measured. */
  readonly loadShare: number;
}

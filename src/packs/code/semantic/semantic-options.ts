// What semantic search of one server works with.
import type { Clock } from '../../../clock.ts';
import type { Embedder } from '../../../models/embedder.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { CodeMeter } from '../../../telemetry/metrics/code-meter.ts';
import type { ChunkSizes } from './chunks.ts';

/** The model and how texts are brought to it, as a definition says it. Times in milliseconds. */
export interface SemanticOptions extends ChunkSizes {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey?: string;
  readonly dimension?: number;
  /** Texts of one request. */
  readonly batchSize: number;
  /** Of one request, its repetitions included. */
  readonly timeout: number;
  readonly retries: number;
  /** Least cosine of a hit; what is alike differs from model to model. */
  readonly threshold: number;
}

/** Of the process. */
export interface SemanticDeps {
  readonly options: SemanticOptions;
  readonly embedder: Embedder;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: CodeMeter;
}

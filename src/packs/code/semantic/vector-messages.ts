// What the caller's thread and the thread of the vectors say to each other.
import type { BlobVectors } from './vector-file.ts';
import type { NearChunk, VectorQuery } from './vector-scan.ts';

/** Something the thread can do to the store in a folder. */
export type VectorCall =
  | { readonly kind: 'follow'; readonly blobs: readonly string[] }
  | { readonly kind: 'add'; readonly vectors: readonly BlobVectors[] }
  | {
      readonly kind: 'search';
      readonly query: Omit<VectorQuery, 'blobs'> & { readonly blobs: readonly string[] | undefined };
    }
  | { readonly kind: 'close' };

/** A call with the number that its answer repeats. */
export interface VectorRequest {
  readonly id: number;
  readonly folder: string;
  readonly call: VectorCall;
}

/** To `follow`. */
export interface Followed {
  readonly missing: readonly string[];
  /** False: another process makes the vectors of this folder. */
  readonly isWriter: boolean;
  readonly dimension: number | undefined;
  readonly chunks: number;
}

/** To `search`. */
export interface Found {
  readonly near: readonly NearChunk[];
  readonly missing: number;
}

// What is counted: a rule, and one bucket for each one whom the rule counts.
import { hash } from 'node:crypto';
import type { WindowLimit } from '../../tool.ts';
import { createRateWindow, type RateStrategy, type RateWindow } from './window.ts';

/** The kinds of counters, and the metric label that a decision is counted under. */
export const LIMIT_SCOPES = [
  'ip',
  'route',
  'server',
  'tenant',
  'principal',
  'user',
  'tool',
  'concurrency',
] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];

/** At most so many calls of each one that is counted under it. */
export interface LimitRule {
  readonly scope: LimitScope;
  /** Slug of the server: nothing is counted across servers. */
  readonly server: string;
  readonly limit: WindowLimit;
  readonly strategy: RateStrategy;
  /** False admits up to 110 %. */
  readonly strict: boolean;
}

/** Share of a limit at which callers are warned (governance §6.1). */
const WARNING_SHARE = 0.8;
const LENIENT_SHARE = 0.1;
/** Longer keys are hashed: a token's subject may have kilobytes, and there may be many of them. */
const KEY_LENGTH_MAX = 64;

/** A rule with everything that its buckets share. */
export class BucketRule {
  /** What it was made of. */
  readonly rule: LimitRule;
  readonly scope: LimitScope;
  readonly strategy: RateStrategy;
  readonly limit: number;
  /** What is admitted at most: the limit, or a tenth more where `strict: false`. */
  readonly most: number;
  readonly warnAt: number;
  readonly windowMs: number;
  /** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) and `X-RateLimit-Limit`. */
  readonly policy: string;
  readonly limitText: string;
  /** Identifies the rule, and begins the keys of its buckets where several nodes count together. */
  readonly id: string;

  constructor(rule: LimitRule) {
    const { scope, server, limit, strategy, strict } = rule;
    const { maxRequests, window } = limit;
    this.rule = rule;
    this.scope = scope;
    this.strategy = strategy;
    this.limit = maxRequests;
    this.most = strict ? maxRequests : maxRequests + Math.floor(maxRequests * LENIENT_SHARE);
    this.warnAt = maxRequests * WARNING_SHARE;
    this.windowMs = window;
    this.policy = `"${scope}";q=${maxRequests};w=${Math.ceil(window / 1000)}`;
    this.limitText = String(maxRequests);
    // In braces what Redis Cluster chooses the node by: all scopes of a call lie together.
    this.id = `{${server}}:${scope}:${this.most}/${maxRequests}:${window}:${strategy}`;
  }
}

/** What a shared backend said, and to which call. */
export interface KnownRefusal {
  readonly at: number;
  readonly buckets: readonly Bucket[];
  readonly used: number;
  readonly waitMs: number;
  readonly resetMs: number;
}

/** One counter, such as that of the key ci on the server shop. Times are those of the limiter's clock. */
export class Bucket {
  readonly rule: BucketRule;
  readonly key: string;
  /** What this node has admitted. */
  readonly window: RateWindow;
  /** Until then the 80 % warning is not raised again: once per window. */
  warnedUntil = 0;
  /** The last refusal by a backend that several nodes share. */
  refused: KnownRefusal | undefined;
  /** False once it was given up; who kept it must ask for a new one. */
  isKept = true;

  constructor(rule: BucketRule, key: string) {
    this.rule = rule;
    this.key = key;
    this.window = createRateWindow(rule.strategy, rule.windowMs, rule.limit);
  }

  /** Where several nodes count together, the same on all of them. */
  get sharedKey(): string {
    const { key } = this;
    return `${this.rule.id}:${key.length > KEY_LENGTH_MAX ? hash('sha256', key, 'base64url') : key}`;
  }
}

// Routes are data: a part exports a table of them, the HTTP transport mounts them behind the gate.
import type { JsonObject, Permission, Principal } from './tool.ts';

/** See {@link LimitClass}. */
export const LIMIT_CLASSES = ['generation', 'search', 'login'] as const;
/** Kinds of routes with a limit of their own per client address (governance §6.1, route class). */
export type LimitClass = (typeof LIMIT_CLASSES)[number];

/** A request to a route, admitted and checked against its schemas. */
export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Undefined only on routes with `access: 'public'` where no valid credential was presented. */
  readonly principal: Principal | undefined;
  /** See `Operation.onBehalfOf`. */
  readonly onBehalfOf?: string;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** What a route answers. */
export interface RouteAnswer {
  readonly status: number;
  /** An object is sent as JSON; a string or bytes as they are, with `contentType`. */
  readonly body?: JsonObject | readonly unknown[] | string | Uint8Array;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One REST route. `access` says who gets in: `public` answers without a credential (governance §1.1),
 * `loopback` answers callers on this machine and others only with `permission`, `permission` demands it.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Template such as `/health/:component`; also the metric label. */
  readonly path: string;
  readonly summary: string;
  readonly access: 'public' | 'loopback' | 'permission';
  readonly permission?: Permission;
  /** Shows or changes the whole process, so that a grant of any tenant but `default` does not reach it. */
  readonly platform?: true;
  /** Absent: only the limits of whoever calls. */
  readonly limitClass?: LimitClass;
  /**
   * A request with an `Idempotency-Key` happens once (governance §7); absent: keys mean nothing. Only with `permission`,
   * and only where the answer is JSON that may be kept: none with a secret in it.
   */
  readonly once?: true;
  /** JSON Schema 2020-12 of what the route takes and gives; the door checks it before `handle` runs. */
  readonly schema?: {
    readonly params?: JsonObject;
    readonly query?: JsonObject;
    readonly body?: JsonObject;
    readonly answer?: JsonObject;
  };
  /** Statuses of an answer of the shape `schema.answer`; 200 alone when absent. Errors come besides. */
  readonly statuses?: readonly number[];
  /** Of errors besides those that follow from method, path, access and schema, for the published description. */
  readonly errorStatuses?: readonly number[];
  /** Of an answer that is not JSON, such as `text/plain`; several where the request chooses. */
  readonly contentType?: string | readonly string[];
  handle(request: RouteRequest): Promise<RouteAnswer> | RouteAnswer;
}

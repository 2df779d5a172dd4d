// The two kinds of gate stages and what passes through them. Shapes only; the order stands in stages.ts.
import type { IncomingHttpHeaders } from 'node:http';
import type { Definition } from '../definition/schema/definition.ts';
import type { QuaysideError } from '../errors.ts';
import type { LimitClass } from '../route.ts';
import type {
  Operation,
  OperationKind,
  Outcome,
  Permission,
  Principal,
  Reconcile,
  ToolSpec,
} from '../tool.ts';

/** One request on its way to a principal. Each stage fills in what it provides; nothing is ever unset. */
export interface Exchange {
  readonly transport: 'http' | 'stdio';
  /** HTTP method and path without the query. */
  readonly method: string;
  readonly path: string;
  /** Names in lower case, as node:http delivers them. */
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  /** `performance.now()` at the first byte handled. */
  readonly startedAt: number;
  /** Address of the socket's peer. */
  readonly peerAddress: string;
  /** True on routes that answer without a credential (governance §1.1): a missing credential is no refusal there. */
  readonly credentialOptional: boolean;
  /** Set on routes whose kind has a limit of its own. */
  readonly limitClass?: LimitClass | undefined;
  /** Reads the whole body; throws `body_too_large` as soon as it exceeds `maxBytes`, and `request_timeout`. */
  readBody(maxBytes: number): Promise<Buffer>;
  /** Provided by stage `client-address`: who really calls, behind trusted proxies. */
  clientAddress: string;
  /** Provided by stage `body`: the parsed JSON, or undefined for a request without a body. */
  body: unknown;
  /** Provided by stage `credential`, settled on one tenant by stage `tenant`. */
  principal: Principal | undefined;
  /** Provided by stage `tenant`: the person that a trusted intermediary acts for. */
  onBehalfOf: string | undefined;
  /** Added to the HTTP answer, whatever it is. */
  readonly answerHeaders: Record<string, string>;
}

/** Pass, refuse, or answer in the handler's place (a cache hit, a replay). */
export type Verdict = undefined | QuaysideError | { readonly answer: Outcome };

/** What every request passes before its body means anything. */
export interface RequestStage {
  readonly name: string;
  /** Asked once per plan. Undefined: this server does not need the stage. */
  prepare(server: GateServer): PreparedRequestStage | undefined;
}

/** A request stage bound to the settings of one server. */
export interface PreparedRequestStage {
  readonly name: string;
  enter(exchange: Exchange): undefined | QuaysideError | Promise<undefined | QuaysideError>;
  /** Whether a caller that was let in before would still be; absent: what this stage judges does not change. */
  holds?(caller: Caller): boolean;
}

/** Who holds a stream or session open, and from where it was opened. */
export interface Caller {
  readonly principal: Principal;
  /** Of the server that the stream is on. */
  readonly slug: string;
  readonly clientAddress: string;
}

/** What every operation passes: tool calls, prompts, resources, lists and routes. */
export interface OperationStage {
  readonly name: string;
  /** Asked once per target when the plan is built. Undefined: this target does not need the stage. */
  prepare(target: Target, server: GateServer): PreparedStage | undefined;
}

/** An operation stage bound to one target. */
export interface PreparedStage {
  readonly name: string;
  enter?(operation: Operation): Verdict | Promise<Verdict>;
  /**
   * Asked of the outermost stage alone, before anything is entered: what has to surround the whole operation, such as a
   * context of the log. Undefined: nothing.
   */
  around?(operation: Operation): ((run: () => Promise<Outcome>) => Promise<Outcome>) | undefined;
  /** Runs for every operation that this stage let in, also after a failure; in reverse order. */
  leave?(operation: Operation, outcome: Outcome): Outcome | Promise<Outcome>;
}

/** What an operation is aimed at; known when the plan is built. */
export interface Target {
  readonly kind: OperationKind;
  readonly name: string;
  readonly permission: Permission;
  /** Only for tools. */
  readonly tool?: ToolSpec;
  /** Only for routes that show or change the whole process: open to the operator's tenant alone. */
  readonly platform?: true;
  /** Only for routes. */
  readonly limitClass?: LimitClass | undefined;
  /** Only for routes: a request with a key happens once. */
  readonly once?: true;
  /** Only for tools that can tell what became of a call. */
  readonly reconcile?: Reconcile;
}

/** The server whose stages are being prepared. */
export interface GateServer {
  readonly slug: string;
  readonly definition: Definition;
}

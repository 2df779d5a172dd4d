// What a definition is compiled into: immutable, complete, swapped as a whole. Shapes only; compile.ts builds it.
import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderParameter } from '../definition/header-parameters.ts';
import type { Definition } from '../definition/schema/definition.ts';
import type { Rollout } from '../definition/schema/rollout.ts';
import type { PreparedRequestStage, PreparedStage, Target } from '../gate/stage.ts';
import type { VersionAsk } from '../rollout/choose-version.ts';
import type {
  Principal,
  Prompt,
  PromptSpec,
  Resource,
  ResourceSpec,
  ResourceTemplate,
  ResourceTemplateSpec,
  Tool,
  ToolSpec,
} from '../tool.ts';

/** A tool, prompt, resource, template or list method together with the stages its calls pass. */
export interface Entry<Item> {
  readonly item: Item;
  readonly target: Target;
  /** In order of entering. */
  readonly stages: readonly PreparedStage[];
}

export const LIST_METHODS = [
  'initialize',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'completion/complete',
  'server/discover',
  'subscriptions/listen',
  'resources/subscribe',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
  'tasks/result',
  'tasks/list',
] as const;
/** Methods that reach no single item; governed as operations of kind `list`. */
export type ListMethod = (typeof LIST_METHODS)[number];

/** What one principal may see, in document order. Same object for the same principal and plan. */
export interface VisibleLists {
  readonly tools: readonly ToolSpec[];
  readonly prompts: readonly PromptSpec[];
  readonly resources: readonly ResourceSpec[];
  readonly resourceTemplates: readonly ResourceTemplateSpec[];
}

/** A tool with its stages, and the headers that mirror its arguments. */
export interface ToolEntry extends Entry<Tool> {
  readonly headerParameters: readonly HeaderParameter[];
  /** Further names that calls may use and lists do not show. */
  readonly aliases?: readonly string[];
}

/** One server, compiled: everything that its requests need. */
export interface ServerPlan {
  readonly slug: string;
  readonly definition: Definition;
  /** Changes whenever any list may have changed; part of cursors. */
  readonly version: string;
  readonly requestStages: readonly PreparedRequestStage[];
  /** By canonical and by listed name. */
  readonly tools: ReadonlyMap<string, ToolEntry>;
  readonly prompts: ReadonlyMap<string, Entry<Prompt>>;
  readonly resources: ReadonlyMap<string, Entry<Resource>>;
  readonly resourceTemplates: readonly Entry<ResourceTemplate>[];
  readonly lists: ReadonlyMap<ListMethod, Entry<undefined>>;
  visibleTo(principal: Principal): VisibleLists;
  /** Whether an item does not exist for a principal; absent unless `hideDenied` is set. */
  readonly hides?: (principal: Principal, target: Target) => boolean;
  /** Present while another version of this server may take over; then this one is the stable version. */
  readonly versions?: ServerVersions;
  /** Releases what only this plan holds (workers, pools), once no call uses it any more. */
  close(): Promise<void>;
}

/** What a request brings to the choice of its version. */
export interface VersionRequest extends VersionAsk {
  /** Undefined on transports without headers. */
  readonly headers?: IncomingHttpHeaders | undefined;
}

/** The other version of a server, while it may take over. */
export interface ServerVersions {
  readonly rollout: Rollout;
  /** Undefined where it could not be prepared; then everybody has the stable version. */
  readonly canary: ServerPlan | undefined;
  /** Why there is no canary. */
  readonly problem: string | undefined;
  choose(request: VersionRequest): ServerPlan;
}

/** Every server of the process; replaced as a whole on reload. */
export interface Plan {
  readonly servers: ReadonlyMap<string, ServerPlan>;
  /** Answers at `/mcp`; its process-wide keys (hosts, cors, compression ...) govern the listener. */
  readonly defaultServer: ServerPlan;
}

/** Holds the plan in force. `current()` is read once per request, which then stays on that plan. */
export interface PlanHolder {
  current(): Plan;
  /** Told after each swap with the slugs whose lists changed. Returns the way to stop. */
  onSwap(listener: (change: PlanChange) => void): () => void;
  /** Marks a plan as used until the returned function is called; a replaced plan closes when nobody uses it. */
  acquire(plan: Plan): () => void;
  /** Keeps the plan that a running request found this server in, for work that outlasts the request. */
  acquireServer(server: ServerPlan): () => void;
}

export interface PlanChange {
  readonly slug: string;
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly removed: boolean;
}

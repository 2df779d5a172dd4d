// What the upstreams of a definition bring into its server: tools under their new names, prompts, resources, templates.
import type { Tool as ToolDefinition } from '../../definition/schema/tool.ts';
import { RESERVED_TOOL_NAMES } from '../../definition/schema/tool.ts';
import { listedToolName } from '../../definition/tool-name.ts';
import type { Prompt, Resource, ResourceSpec, ResourceTemplate, ToolAnnotations } from '../../tool.ts';
import type { UpstreamTool } from '../../upstreams/catalogue.ts';
import type { HeldUpstream } from '../../upstreams/upstreams.ts';
import { PAGE_MEDIA_TYPE } from '../content/page.ts';
import {
  createFederatedPrompt,
  createFederatedResource,
  createFederatedTemplate,
} from './federated-content.ts';

/** A tool of an upstream as the plan compiles it. */
export interface FederatedTool {
  readonly definition: ToolDefinition;
  /** Shown to clients; the gate decides nothing by them. */
  readonly hints: ToolAnnotations;
}

/** Something that an upstream lists and the server cannot offer. */
export interface FederationProblem {
  readonly upstream: string;
  readonly message: string;
  /** Two things have one name, which only the author of the definition can settle. */
  readonly isCollision: boolean;
}

/** What upstreams bring, and what of it cannot be offered. */
export interface Federated {
  readonly tools: readonly FederatedTool[];
  readonly prompts: readonly Prompt[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly problems: readonly FederationProblem[];
}

/** Names that the definition itself has taken. */
export interface TakenNames {
  readonly tools: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
  readonly resourceTemplates: readonly string[];
  readonly style: 'safe' | 'canonical';
}

/** In the order of the definition; of two things with one name the first is offered. */
export function federate(upstreams: readonly HeldUpstream[], taken: TakenNames): Federated {
  const problems: FederationProblem[] = [];
  const owners = {
    tools: ownersOf(taken.tools.map((name) => listedToolName(name, taken.style))),
    prompts: ownersOf(taken.prompts),
    resources: ownersOf(taken.resources),
    resourceTemplates: ownersOf(taken.resourceTemplates),
  };
  const all = upstreams.map((held) => {
    const { name, config } = held;
    const { catalogue } = held.upstream;
    const claim = (kind: keyof typeof owners, key: string, fix: string): boolean => {
      const owner = owners[kind].get(key);
      if (owner !== undefined) problems.push(collision({ upstream: name, kind, key, owner, fix }));
      else owners[kind].set(key, `the upstream '${name}'`);
      return owner === undefined;
    };
    const prefixed = (own: string) => `${config.prefix ?? ''}${own}`;
    const wanted = catalogue.tools.flatMap(({ tool, state }) =>
      state === 'approved' && isWanted(tool.name, held) ? [tool] : [],
    );
    const resources = [...catalogue.resources, ...unlistedPages(wanted, catalogue.resources)]
      .filter(({ uri }) => claim('resources', uri, ''))
      .map((spec) => createFederatedResource(held, spec));
    const pages = new Set(resources.map(({ spec }) => spec.uri));
    return {
      tools: wanted
        .map((tool) => withOwnPage(tool, pages))
        .flatMap((tool) => {
          const exposed = config.rename[tool.name] ?? prefixed(tool.name);
          const problem = nameProblem(exposed);
          if (problem !== undefined) problems.push({ upstream: name, message: problem, isCollision: false });
          const listed = listedToolName(exposed, taken.style);
          const mayHave =
            problem === undefined &&
            claim('tools', listed, 'Give the upstream a `prefix`, or `rename` the tool.');
          return mayHave ? [federatedTool(tool, exposed, held)] : [];
        }),
      prompts: catalogue.prompts
        .filter((spec) => claim('prompts', prefixed(spec.name), 'Give the upstream a `prefix`.'))
        .map((spec) => createFederatedPrompt(held, spec, prefixed(spec.name))),
      resources,
      resourceTemplates: catalogue.resourceTemplates
        .filter(({ uriTemplate }) => claim('resourceTemplates', uriTemplate, ''))
        .flatMap((spec) => createFederatedTemplate(held, spec) ?? []),
    };
  });
  return {
    tools: all.flatMap(({ tools }) => tools),
    prompts: all.flatMap(({ prompts }) => prompts),
    resources: all.flatMap(({ resources }) => resources),
    resourceTemplates: all.flatMap(({ resourceTemplates }) => resourceTemplates),
    problems,
  };
}

function ownersOf(names: readonly string[]): Map<string, string> {
  return new Map(names.map((name) => [name, 'the definition itself']));
}

function isWanted(tool: string, { config }: HeldUpstream): boolean {
  const isIncluded = config.include.length === 0 || config.include.includes(tool);
  return isIncluded && !config.exclude.includes(tool);
}

/** Servers need not list the pages of their tools (MCP Apps, resource discovery); ours can only be read when listed. */
function unlistedPages(tools: readonly UpstreamTool[], listed: readonly ResourceSpec[]): ResourceSpec[] {
  const known = new Set(listed.map(({ uri }) => uri));
  return tools.flatMap(({ name, ui }) => {
    if (ui === undefined || known.has(ui.resource)) return [];
    known.add(ui.resource);
    return [{ uri: ui.resource, name, mimeType: PAGE_MEDIA_TYPE }];
  });
}

/** Another server's page of the same address must not show the results of this one's tools. */
function withOwnPage(tool: UpstreamTool, pages: ReadonlySet<string>): UpstreamTool {
  const { ui, ...rest } = tool;
  return ui === undefined || pages.has(ui.resource) ? tool : rest;
}

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

function nameProblem(name: string): string | undefined {
  if (!TOOL_NAME.test(name))
    return `The tool ${JSON.stringify(name.slice(0, 128))} cannot be offered under this name; \`rename\` it.`;
  if (RESERVED_TOOL_NAMES.some((reserved) => reserved === name))
    return `'${name}' is a permission verb and cannot name a tool; \`rename\` it or set a \`prefix\`.`;
  return undefined;
}

const NOUNS = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  resourceTemplates: 'resource template',
} as const;

/** Two instances of one server list the same addresses, which nobody can rename: the first one answers for them. */
function collision(named: {
  readonly upstream: string;
  readonly kind: keyof typeof NOUNS;
  readonly key: string;
  readonly owner: string;
  readonly fix: string;
}): FederationProblem {
  const { upstream, kind, key, owner, fix } = named;
  const message = `The ${NOUNS[kind]} '${key.slice(0, 200)}' of the upstream '${upstream}' has the name of one of ${owner}. ${fix}`;
  return { upstream, message: message.trimEnd(), isCollision: fix !== '' };
}

function federatedTool(
  tool: UpstreamTool,
  name: string,
  { name: upstream, config }: HeldUpstream,
): FederatedTool {
  const { title, description, inputSchema, outputSchema, annotations = {}, ui } = tool;
  return {
    definition: {
      name,
      description,
      ...(title === undefined ? {} : { title }),
      inputSchema: withoutDialect(inputSchema),
      ...(outputSchema === undefined ? {} : { outputSchema: withoutDialect(outputSchema) }),
      ...(ui === undefined ? {} : { ui }),
      handler: { type: 'mcp', upstream, tool: tool.name, timeout: config.timeout },
      timeout: config.timeout,
      // A call of another server is not kept: what it would be asked about later is that server's to say.
      task: 'forbidden',
      tags: [],
      deprecated: false,
      permissions: [],
      examples: [],
      enabled: true,
      environments: {},
    },
    hints: annotations,
  };
}

/** Servers of older revisions name draft-07; what they use of it means the same in 2020-12, or is refused by name. */
function withoutDialect(schema: UpstreamTool['inputSchema']): UpstreamTool['inputSchema'] {
  const { $schema: dialect, ...rest } = schema;
  return dialect === DIALECT ? schema : rest;
}

/** The only one that schemas are compiled in. */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

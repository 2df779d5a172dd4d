// Resource templates: a URI that matches runs the handler with the values of its variables (spec servers §2.1).
import type { ResourceTemplate as TemplateDefinition } from '../../definition/schema/content.ts';
import { HandlerError } from '../../errors.ts';
import type { JsonObject, ResourceTemplate } from '../../tool.ts';
import { completeFrom } from './completion.ts';
import type { ContentDeps } from './content-deps.ts';
import { runHandler, toContents } from './handler-contents.ts';
import { parseUriTemplate, type UriTemplate } from './uri-template.ts';

export interface ResourceTemplateDeps extends ContentDeps {
  /** URIs of the plain resources; those that match a template show values of its variables. */
  readonly resourceUris: readonly string[];
}

/** Throws HandlerError HANDLER_CONFIG_ERROR for a template that RFC 6570 levels 1 to 3 do not know. */
export async function createResourceTemplate(
  definition: TemplateDefinition,
  deps: ResourceTemplateDeps,
): Promise<ResourceTemplate> {
  const { uriTemplate, name, title, description, mimeType, annotations } = definition;
  const template = parseTemplate(uriTemplate);
  const handler = await deps.prepareHandler(definition.handler, name, inputSchemaOf(template));
  const known = knownValues(definition, template, deps.resourceUris);
  return {
    spec: Object.freeze({
      uriTemplate,
      name,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(mimeType === undefined ? {} : { mimeType }),
      ...(annotations === undefined ? {} : { annotations }),
    }),
    match: template.match,
    async read(call) {
      const uri = String(call.args.uri);
      return toContents(await runHandler(handler, call, call.args), { uri, mimeType });
    },
    complete: (variable, value) => completeFrom(known.get(variable) ?? [], value),
  };
}

function parseTemplate(uriTemplate: string): UriTemplate {
  try {
    return parseUriTemplate(uriTemplate);
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : String(error);
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      `The uriTemplate ${uriTemplate} cannot be used: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

/** Every variable may be absent where its expression may be. */
function inputSchemaOf({ variables }: UriTemplate): JsonObject {
  const names = [...variables, 'uri'];
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: ['uri'],
  };
}

function knownValues(
  { variables: described }: TemplateDefinition,
  template: UriTemplate,
  uris: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const matches = uris.map(template.match).filter((values) => values !== undefined);
  return new Map(
    template.variables.map((variable) => {
      const found = matches.flatMap((values) => values[variable] ?? []);
      return [variable, described?.[variable]?.enum ?? [...new Set(found)]];
    }),
  );
}

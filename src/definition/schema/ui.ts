// MCP Apps (extension io.modelcontextprotocol/ui, 2026-01-26): pages that hosts show beside a tool's result.
import { array, boolean, choice, object, optional, type Static, string } from './vocabulary.ts';

const origins = (doc: string) =>
  optional(
    array(
      doc,
      string('Origin, or all hosts below one.', {
        pattern: /^(?:https?|wss?):\/\/(?:\*\.)?[A-Za-z0-9.-]+(?::\d{1,5})?$/,
        examples: ['https://*.example.com'],
      }),
      { maxItems: 100 },
    ),
  );

/** Which page shows the results of a tool. */
export const ToolUi = object('The page that hosts with MCP Apps show with the results of the tool.', {
  resource: string('URI of the page, a resource of this server or of an upstream.', {
    pattern: /^ui:\/\/\S+$/,
    examples: ['ui://orders/table'],
  }),
  visibility: optional(
    array(
      'Who may call the tool: the model, or the page alone. Both when absent.',
      choice('Who.', ['model', 'app']),
      {
        minItems: 1,
        maxItems: 2,
      },
    ),
  ),
});

/** What a page may do in its frame. */
export const ResourceUi = object('What the page may do in the frame that a host shows it in.', {
  csp: optional(
    object('Origins that the page may use; none when absent.', {
      connectDomains: origins('Requests and sockets of scripts.'),
      resourceDomains: origins('Scripts, styles, images, fonts and media.'),
      frameDomains: origins('Frames in the page.'),
      baseUriDomains: origins('Values of `base`.'),
    }),
  ),
  permissions: array(
    'Abilities of the browser that the page asks for.',
    choice('Ability.', ['camera', 'microphone', 'geolocation', 'clipboardWrite']),
    { fallback: [] },
  ),
  domain: optional(string('Origin of its own that the page asks for, in the form that the host wants.')),
  prefersBorder: optional(boolean('Whether the host should draw a border.')),
});

export type ToolUi = Static<typeof ToolUi>;
export type ResourceUi = Static<typeof ResourceUi>;

// Prompts, resources and resource templates of a definition (spec servers §2.1, §2.3), in canonical form.
import { Handler } from './handler.ts';
import { ResourceUi } from './ui.ts';
import {
  any,
  array,
  boolean,
  choice,
  object,
  optional,
  record,
  type Static,
  string,
  union,
} from './vocabulary.ts';

/** A prompt. */
export const Prompt = object('A prompt that clients can list and fetch.', {
  name: string('Unique name.', { minLength: 1, maxLength: 128, examples: ['review'] }),
  title: optional(string('Name for people.')),
  description: optional(string('What the prompt is for.')),
  arguments: array(
    'Arguments in the order in which clients ask for them.',
    object('One argument.', {
      name: string('Name, as in `{{name}}`.', { minLength: 1, maxLength: 128 }),
      description: string('What to give.', { fallback: '' }),
      required: boolean('Whether fetching without it is refused.', { fallback: false }),
      enum: optional(array('Allowed values; offered as completions.', string('Value.'), { minItems: 1 })),
    }),
    { fallback: [] },
  ),
  template: optional(
    string('Text of one user message with `{{argument}}` placeholders; `{{{{` prints `{{`.', {
      examples: ['Review this code: {{code}}'],
    }),
  ),
  messages: optional(
    array(
      'Several messages instead of `template`.',
      object('One message.', {
        role: choice('Who speaks.', ['user', 'assistant']),
        content: union('Text with placeholders, or one MCP content item.', [
          string('Text.'),
          record('Content item.', any('Value.')),
        ]),
      }),
      { minItems: 1 },
    ),
  ),
  templateFile: optional(
    string('File with the text instead of `template`, inside the folder of the definition.', {
      minLength: 1,
      trustedOnly: true,
      examples: ['./prompts/review.md'],
    }),
  ),
  /** For prompts that must ask or look something up; its structured result is `{messages, description?}`. */
  handler: optional(Handler),
});

const annotations = optional(record('Annotations passed to clients.', any('Value.')));

/** A resource. */
export const Resource = object('A document that clients can list and read.', {
  uri: string('Absolute URI of any scheme, unique in the server.', {
    format: 'uri',
    examples: ['docs://guide'],
  }),
  name: string('Name shown to people.', { minLength: 1 }),
  title: optional(string('Longer name for people.')),
  description: optional(string('What the resource holds.')),
  mimeType: optional(
    string(
      'Media type; `text/plain` for text, `application/json` for values, that of MCP Apps for `ui://` when absent.',
    ),
  ),
  content: optional(any('Literal text, or a value sent as JSON; never a path.')),
  file: optional(
    string('File read at each request, inside the folder of the definition.', {
      minLength: 1,
      trustedOnly: true,
      examples: ['./docs/guide.md'],
    }),
  ),
  blob: optional(
    string('Bytes as base64.', {
      pattern: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    }),
  ),
  handler: optional(Handler),
  ui: optional(ResourceUi),
  annotations,
  subscribe: optional(boolean('Whether clients are told of changes; true for `file` when absent.')),
});

/** A family of resources. */
export const ResourceTemplate = object('A family of resources behind one URI template.', {
  uriTemplate: string('RFC 6570 template, levels 1 to 3.', {
    minLength: 1,
    examples: ['orders://{customer}'],
  }),
  name: string('Name shown to people.', { minLength: 1 }),
  title: optional(string('Longer name for people.')),
  description: optional(string('What the resources hold.')),
  mimeType: optional(string('Media type of the resources.')),
  handler: Handler,
  variables: optional(
    record(
      'What is known of the variables of the template.',
      object('One variable.', {
        enum: array('Values offered as completions.', string('Value.'), { minItems: 1 }),
      }),
    ),
  ),
  annotations,
});

export type Prompt = Static<typeof Prompt>;
export type Resource = Static<typeof Resource>;
export type ResourceTemplate = Static<typeof ResourceTemplate>;

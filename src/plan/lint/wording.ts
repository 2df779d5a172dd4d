// Whether a model can tell from the words what a tool does and what its parameters mean.
import type { JsonObject } from '../../tool.ts';
import type { ListedTool } from '../listed-tool.ts';
import type { Finding, LintRule } from './finding.ts';

const DESCRIPTION_LENGTH_MIN = 20;
/** Clients of large vendors cut or refuse longer ones. */
const DESCRIPTION_LENGTH_MAX = 1024;

/** Findings about descriptions of the tool and of its parameters. */
export function lintWording(tool: ListedTool): readonly Finding[] {
  return [...lintDescription(tool), ...undocumented(tool)];
}

function lintDescription({ name, description = '' }: ListedTool): Finding[] {
  const at = (rule: LintRule, message: string, fix: string): Finding[] => [
    { rule, tool: name, pointer: '/description', message, fix },
  ];
  const text = description.trim();
  if (text === '')
    return at('description-missing', 'The tool has no description.', 'Say what it does, and when to use it.');
  if (plain(text) === plain(name))
    return at(
      'description-short',
      'The description only repeats the name.',
      'Say what the name does not say.',
    );
  if (text.length < DESCRIPTION_LENGTH_MIN)
    return at(
      'description-short',
      `The description has ${text.length} characters.`,
      'Say what the tool does, what it needs and what it answers.',
    );
  if (text.length > DESCRIPTION_LENGTH_MAX)
    return at(
      'description-long',
      `The description has ${text.length} characters; some clients cut it at ${DESCRIPTION_LENGTH_MAX}.`,
      'Keep what helps to choose the tool; move the rest to the parameters or the result.',
    );
  return [];
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
}

function undocumented({ name, inputSchema }: ListedTool): Finding[] {
  const { properties } = inputSchema;
  if (!isObject(properties)) return [];
  return Object.entries(properties)
    .filter(([, schema]) => isObject(schema) && !isString(schema.description) && !isString(schema.title))
    .map(([parameter]) => ({
      rule: 'parameter-undocumented',
      tool: name,
      pointer: `/inputSchema/properties/${parameter.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      message: `The parameter ${parameter} has no description.`,
      fix: 'Say what it means, with its unit or form and an example where that is not obvious.',
    }));
}

function isString(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

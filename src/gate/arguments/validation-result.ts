// Arguments that were refused, as the tool result that says how to repair them (spec servers §5).
import type { ToolResult } from '../../tool.ts';
import type { SchemaHelp, ValidationError } from './validation-error.ts';

/** The tool result for arguments that were refused: `_meta.error` for programs, the text for models. */
export function toValidationResult(error: ValidationError): ToolResult {
  return { content: [{ type: 'text', text: renderText(error) }], isError: true, _meta: { error } };
}

function renderText(error: ValidationError): string {
  const parts = [error.summary, renderIssues(error), renderHelp(error.schema)];
  if (error.suggestions.length > 0) {
    parts.push(['Suggestions:', ...error.suggestions.map((suggestion) => `- ${suggestion}`)].join('\n'));
  }
  if (error.validExample !== null) {
    parts.push(`Valid example:\n\`\`\`json\n${JSON.stringify(error.validExample, null, 2)}\n\`\`\``);
  }
  return parts.join('\n\n');
}

function renderIssues(error: ValidationError): string {
  const lines = error.issues.flatMap((issue, index) => [
    `${index + 1}. ${issue.field}: ${issue.problem}`,
    `   Received: ${issue.received}`,
    `   Expected: ${issue.expected}`,
    `   Fix: ${issue.fix}`,
  ]);
  return ['Issues:', ...lines].join('\n');
}

function renderHelp(schema: SchemaHelp): string {
  const required = new Set(schema.required);
  const lines = Object.entries(schema.properties).map(([name, help]) => {
    const constraints = help.constraints.length > 0 ? ` [${help.constraints.join('; ')}]` : '';
    const description = help.description === '' ? '' : `: ${help.description}`;
    return `- ${name} (${help.type}, ${required.has(name) ? 'required' : 'optional'})${constraints}${description}`;
  });
  const head = schema.description === '' ? 'Arguments:' : `Arguments: ${schema.description}`;
  return [head, ...(lines.length > 0 ? lines : ['- none are declared'])].join('\n');
}

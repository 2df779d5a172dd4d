// Tools that ask the client while they run.
import { type Context, question, textOf } from './context.ts';

type Args = Readonly<Record<string, unknown>>;

export async function sampling({ prompt }: Args, context: Context): Promise<string> {
  const { answer } = await context.requestInput({ answer: question(String(prompt), 100) });
  return `LLM response: ${textOf(answer)}`;
}

export async function needsSampling(_args: Args, context: Context): Promise<string> {
  const { llm_answer } = await context.requestInput({
    llm_answer: question('Reply with the single word: pong', 16),
  });
  return `LLM response: ${textOf(llm_answer)}`;
}

export function elicitation({ message }: Args, context: Context): Promise<string> {
  return ask(context, String(message), {
    properties: { response: { type: 'string', description: "User's response" } },
    required: ['response'],
  });
}

export function elicitationDefaults(_args: Args, context: Context): Promise<string> {
  return ask(context, 'Please review and update the form fields with defaults', {
    properties: {
      name: { type: 'string', description: 'User name', default: 'John Doe' },
      age: { type: 'integer', description: 'User age', default: 30 },
      score: { type: 'number', description: 'User score', default: 95.5 },
      status: {
        type: 'string',
        description: 'User status',
        enum: ['active', 'inactive', 'pending'],
        default: 'active',
      },
      verified: { type: 'boolean', description: 'Verification status', default: true },
    },
    required: [],
  });
}

export function elicitationEnums(_args: Args, context: Context): Promise<string> {
  const options = ['option1', 'option2', 'option3'];
  const titled = ['First', 'Second', 'Third'].map((title, index) => ({ const: `value${index + 1}`, title }));
  return ask(context, 'Please select options from the enum fields', {
    properties: {
      untitledSingle: { type: 'string', description: 'Select one option', enum: options },
      titledSingle: { type: 'string', description: 'Select one option with titles', oneOf: titled },
      legacyEnum: {
        type: 'string',
        description: 'Select one option (legacy)',
        enum: ['opt1', 'opt2', 'opt3'],
        enumNames: ['Option One', 'Option Two', 'Option Three'],
      },
      untitledMulti: {
        type: 'array',
        description: 'Select several options',
        minItems: 1,
        maxItems: 3,
        items: { type: 'string', enum: options },
      },
      titledMulti: {
        type: 'array',
        description: 'Select several options with titles',
        minItems: 1,
        maxItems: 3,
        items: { anyOf: titled },
      },
    },
    required: [],
  });
}

async function ask(
  context: Context,
  message: string,
  schema: Readonly<Record<string, unknown>>,
): Promise<string> {
  const requestedSchema = { type: 'object', ...schema };
  const { answer } = await context.requestInput({
    answer: { method: 'elicitation/create', params: { message, requestedSchema } },
  });
  return `Elicitation completed: action=${String(answer?.action)}, content=${JSON.stringify(answer?.content ?? {})}`;
}

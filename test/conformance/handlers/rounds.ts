// Tools and a prompt that need an answer before they can go on, in one round or several.
import { type Context, fieldOf, form, question, ROOTS, textOf } from './context.ts';

type Args = Readonly<Record<string, unknown>>;

export async function elicitation(_args: Args, context: Context): Promise<string> {
  const { user_name } = await context.requestInput({ user_name: form('What is your name?', 'name') });
  return `Hello, ${fieldOf(user_name, 'name')}!`;
}

export async function sampling(_args: Args, context: Context): Promise<string> {
  const { capital_question } = await context.requestInput({
    capital_question: question('What is the capital of France?', 100),
  });
  return `Sampling response: ${textOf(capital_question)}`;
}

export async function listRoots(_args: Args, context: Context): Promise<string> {
  const { client_roots } = await context.requestInput({ client_roots: ROOTS });
  const roots = Array.isArray(client_roots?.roots) ? client_roots.roots : [];
  return `Client exposed ${roots.length} root(s): ${JSON.stringify(roots)}`;
}

export async function requestState(_args: Args, context: Context): Promise<string> {
  await context.requestInput({ confirm: form('Please confirm', 'ok', 'boolean') });
  return 'state-ok: the state came back unchanged';
}

export async function multipleInputs(_args: Args, context: Context): Promise<string> {
  const { user_name, greeting, client_roots } = await context.requestInput({
    user_name: form('What is your name?', 'name'),
    greeting: question('Generate a greeting', 50),
    client_roots: ROOTS,
  });
  return `${textOf(greeting)} ${fieldOf(user_name, 'name')}, ${JSON.stringify(client_roots?.roots)}`;
}

export async function multiRound(_args: Args, context: Context): Promise<string> {
  const { step1 } = await context.requestInput({ step1: form('Step 1: What is your name?', 'name') });
  const { step2 } = await context.requestInput({
    step2: form('Step 2: What is your favorite color?', 'color'),
  });
  return `${fieldOf(step1, 'name')} likes ${fieldOf(step2, 'color')}`;
}

export async function capabilities(_args: Args, context: Context): Promise<string> {
  if (context.sample === undefined) return 'The client cannot sample, so it was not asked.';
  const { greeting } = await context.requestInput({ greeting: question('Generate a short greeting', 50) });
  return textOf(greeting);
}

export async function prompt(_args: Args, context: Context): Promise<object> {
  const { user_context } = await context.requestInput({
    user_context: form('What context should the prompt use?', 'context'),
  });
  const text = `Use the following context: ${fieldOf(user_context, 'context')}`;
  return { messages: [{ role: 'user', content: { type: 'text', text } }] };
}

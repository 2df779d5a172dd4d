// Tools whose calls may go on as tasks. Each takes longer than a request waits, unless it is told otherwise.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, fieldOf, form, ROOTS } from './context.ts';

/** Longer than the server waits before a call becomes a task. */
const LONG_MS = 1000;

export function greet({ name }: { readonly name: string }): string {
  return `Hello, ${name}!`;
}

export async function slowCompute({ seconds, label }: { readonly seconds: number; readonly label?: string }) {
  await sleep(seconds * 1000);
  return `Computed ${label ?? 'the answer'} in ${seconds} s.`;
}

export async function failing(): Promise<never> {
  await sleep(LONG_MS);
  throw new Error('The job failed, as it always does.');
}

/** What no client of the suite can answer is an error of the protocol and not of the tool. */
export async function protocolError(_args: object, context: Context): Promise<string> {
  await sleep(LONG_MS);
  await context.requestInput({ roots: ROOTS });
  return 'not reached';
}

export async function confirmDelete({ filename }: { readonly filename: string }, context: Context) {
  await sleep(LONG_MS);
  const { confirm } = await context.requestInput({
    confirm: form(`Delete ${filename}?`, 'confirm', 'boolean'),
  });
  return confirm?.action === 'accept' ? `Deleted ${filename}.` : `Kept ${filename}.`;
}

export async function multiInput(_args: object, context: Context): Promise<string> {
  await sleep(LONG_MS);
  const { first, second } = await context.requestInput({
    first: form('What is your first name?', 'name'),
    second: form('What is your second name?', 'name'),
  });
  return `${fieldOf(first, 'name')} ${fieldOf(second, 'name')}`;
}

export async function askThenWork(_args: object, context: Context): Promise<string> {
  const { user_name } = await context.requestInput({ user_name: form('What is your name?', 'name') });
  await sleep(LONG_MS);
  return `Done for ${fieldOf(user_name, 'name')}.`;
}

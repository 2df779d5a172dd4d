// Tools that say something before they answer, or to others.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from './context.ts';

type Args = Readonly<Record<string, unknown>>;

export async function logging(_args: Args, { logger }: Context): Promise<string> {
  logger.info('Tool execution started');
  await sleep(50);
  logger.info('Tool processing data');
  await sleep(50);
  logger.info('Tool execution completed');
  return 'Tool with logging executed successfully';
}

export function logOnce(_args: Args, { logger }: Context): string {
  logger.info('Delivered only to those who asked for it.');
  return 'Logged once.';
}

export async function progress(_args: Args, context: Context): Promise<string> {
  for (const step of [0, 50, 100]) {
    context.reportProgress?.(step, 100, `Completed step ${step} of 100`);
    await sleep(50);
  }
  return 'Done.';
}

export async function reconnection(_args: Args, context: Context): Promise<string> {
  context.closeStream();
  await sleep(100);
  return 'If you read this, the client resumed the stream.';
}

export function plain(): string {
  return 'The stream carries this result and no request.';
}

export function toolsChanged(_args: Args, context: Context): string {
  context.notify({ kind: 'tools' });
  return 'Said that the tools changed.';
}

export function promptsChanged(_args: Args, context: Context): string {
  context.notify({ kind: 'prompts' });
  return 'Said that the prompts changed.';
}

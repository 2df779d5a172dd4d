// What a module of an author may do wrong, one function for each.
import type { FileHandlerContext } from '../../src/handlers/workers/handler-context.ts';

/** For three seconds, far beyond its timeout. */
export function loop(): void {
  const end = Date.now() + 3000;
  while (Date.now() < end);
}

/** Until its memory is used up. */
export function bomb(): never {
  const all: unknown[] = [];
  for (let index = 0; ; index += 1) all.push(`${'x'.repeat(1e5)}${index}`.split(''));
}

export function endless(): Promise<never> {
  return new Promise(() => undefined);
}

/** What is thrown has no text. */
export function thrown(): never {
  throw Object.create(null);
}

/** Longer than any text may be. */
export function text(): string {
  return 'x'.repeat(2 ** 30);
}

/** 40 MB, eight times what a result may have. */
export function large(): string {
  return 'x'.repeat(4e7);
}

/** For as long as it may. */
export function logs(_args: unknown, { logger }: FileHandlerContext): never {
  for (;;) logger.info('x'.repeat(1000));
}

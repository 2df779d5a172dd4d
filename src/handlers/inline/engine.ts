// The JavaScript engine of isolates, QuickJS-ng in WebAssembly, with the globals that it brings as extensions.
import { MAX_STACK_SIZE, QuickJS } from 'quickjs-wasi';
import type { EngineCode } from './engine-code.ts';

export interface Engine {
  readonly vm: QuickJS;
  /** All memory of the engine; a new view after each growth. */
  memory(): Uint8Array;
}

const BYTES_PER_MB = 1024 * 1024;

/** An engine of its own, with its own memory. No modules can be imported into it. */
export async function createEngine(memoryMb: number, code: EngineCode): Promise<Engine> {
  let held: { readonly buffer: ArrayBuffer } | undefined;
  const vm = await QuickJS.create({
    wasm: code.engine,
    extensions: [
      { name: 'url', wasm: code.url },
      { name: 'encoding', wasm: code.encoding },
      { name: 'structured-clone', wasm: code.structuredClone, initFn: 'qjs_ext_structured_clone_init' },
    ],
    memoryLimit: memoryMb * BYTES_PER_MB,
    // Overflow of the stack is then an error that the code can catch, not the end of the engine.
    maxStackSize: MAX_STACK_SIZE,
    wasi: (memory: { readonly buffer: ArrayBuffer }) => {
      held = memory;
      return {};
    },
  });
  const memory = held;
  if (memory === undefined) throw new Error('the engine has no memory');
  return { vm, memory: () => new Uint8Array(memory.buffer) };
}

// The JavaScript engine of isolates, QuickJS-ng in WebAssembly, with the globals that it brings as extensions.
import { readFileSync } from 'node:fs';
import { MAX_STACK_SIZE, QuickJS } from 'quickjs-wasi';

/** As much of the global as is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

const compile = (file: string) =>
  new WebAssembly.Module(readFileSync(new URL(import.meta.resolve(`quickjs-wasi/${file}`))));

const wasm = compile('quickjs.wasm');
const extensions = [
  { name: 'url', wasm: compile('url.so') },
  { name: 'encoding', wasm: compile('encoding.so') },
  {
    name: 'structured-clone',
    wasm: compile('structured-clone.so'),
    initFn: 'qjs_ext_structured_clone_init',
  },
];

export interface Engine {
  readonly vm: QuickJS;
  /** All memory of the engine; a new view after each growth. */
  memory(): Uint8Array;
}

const BYTES_PER_MB = 1024 * 1024;

/** An engine of its own, with its own memory. No modules can be imported into it. */
export async function createEngine(memoryMb: number): Promise<Engine> {
  let held: { readonly buffer: ArrayBuffer } | undefined;
  const vm = await QuickJS.create({
    wasm,
    extensions,
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

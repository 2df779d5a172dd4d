// The compiled code of the engine: made once in a process, and shared by all threads that run isolates.
import { readFileSync } from 'node:fs';

/** As much of the global as is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

/** Modules of WebAssembly, which `postMessage` and `workerData` hand on without a copy. */
export interface EngineCode {
  readonly engine: object;
  /** The globals that it brings as extensions. */
  readonly url: object;
  readonly encoding: object;
  readonly structuredClone: object;
}

let compiled: EngineCode | undefined;

/**
 * Compiles in some 4 ms; V8 compiles each function when it is first called, and what one thread has compiled all have. So a
 * thread that is started for one that was ended takes half the time of the processor.
 */
export function engineCode(): EngineCode {
  compiled ??= {
    engine: compile('quickjs.wasm'),
    url: compile('url.so'),
    encoding: compile('encoding.so'),
    structuredClone: compile('structured-clone.so'),
  };
  return compiled;
}

function compile(file: string): object {
  return new WebAssembly.Module(readFileSync(new URL(import.meta.resolve(`quickjs-wasi/${file}`))));
}

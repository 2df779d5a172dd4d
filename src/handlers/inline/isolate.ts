// An isolate: an engine whose memory is put back, before each call, to what it was when the handler was prepared.
//
// So a call starts from the same state whoever called before, and nothing is compiled again. Putting back copies less
// than 2 MB (0.07 ms). The engine is given up when it trapped, or when calls have made its memory grow for good.
import { EvalFlags, JSException, type JSValueHandle } from 'quickjs-wasi';
import { CODE_FORMS, furthest, placeInText, programOf } from '../../definition/inline-forms.ts';
import { HandlerError } from '../../errors.ts';
import type { HandlerChannel } from '../workers/handler-context.ts';
import type { CallInput } from '../workers/messages.ts';
import { createEngine, type Engine } from './engine.ts';
import type { EngineCode } from './engine-code.ts';
import { GUEST_SOURCE } from './guest/guest-source.ts';
import { GuestCall, type GuestFunctions } from './guest-call.ts';
import type { GuestReturn } from './guest-return.ts';
import { imageOf, type MemoryImage, restore } from './memory-image.ts';

/** How far calls may make the memory grow beyond what is put back: growth is never undone, only abandoned. */
const GROWTH_MAX = 32 * 1024 * 1024;
const FILE = 'handler';

/** Runs one call at a time. */
export class Isolate {
  readonly #engine: Engine;
  readonly #guest: GuestFunctions;
  readonly #base: Uint8Array;
  readonly #memoryMb: number;
  #call: GuestCall | undefined;
  #isBroken = false;

  private constructor(engine: Engine, memoryMb: number) {
    this.#memoryMb = memoryMb;
    this.#engine = engine;
    this.#guest = startGuest(engine, () => this.#call);
    this.#base = engine.memory().slice();
  }

  static async create(memoryMb: number, code: EngineCode): Promise<Isolate> {
    return new Isolate(await createEngine(memoryMb, code), memoryMb);
  }

  /** False when another isolate must take its place; images belong to the isolate that made them. */
  get isUsable(): boolean {
    return !this.#isBroken && this.#engine.memory().byteLength < this.#base.byteLength + GROWTH_MAX;
  }

  /** Throws HandlerError HANDLER_SYNTAX_ERROR or HANDLER_LOAD_ERROR with the place in the code. */
  prepare(code: string): MemoryImage {
    const { vm } = this.#engine;
    const memory = this.#engine.memory();
    restore(memory, this.#base, EMPTY_IMAGE);
    // What calls left behind the base must not become part of the image.
    memory.fill(0, this.#base.byteLength);
    try {
      const value = vm.evalCode(programFor(code, vm), FILE);
      const isFunction = vm.callFunction(this.#guest.prepare, vm.undefined, value).consume(toBoolean);
      value.dispose();
      if (!isFunction) {
        throw new HandlerError(
          'HANDLER_SYNTAX_ERROR',
          'The code is neither a function, such as (args) => args.a, nor a body with return.',
        );
      }
      vm.executePendingJobs();
      return imageOf(this.#engine.memory(), this.#base);
    } catch (error) {
      throw this.#toLoadError(error);
    }
  }

  /** Runs one call from the image. Rejects with what the code threw, or with HandlerError. */
  async run(image: MemoryImage, input: CallInput, channel: HandlerChannel): Promise<GuestReturn> {
    restore(this.#engine.memory(), this.#base, image);
    const call = new GuestCall({
      vm: this.#engine.vm,
      guest: this.#guest,
      memoryMb: this.#memoryMb,
      channel,
    });
    this.#call = call;
    try {
      return await call.run(input);
    } finally {
      this.#isBroken ||= call.isBroken;
      this.#call = undefined;
    }
  }

  #toLoadError(error: unknown): unknown {
    if (error instanceof HandlerError) return error;
    if (error instanceof JSException) {
      const { message } = error;
      error.dispose();
      return new HandlerError('HANDLER_LOAD_ERROR', `The code threw while it was loaded: ${message}`);
    }
    this.#isBroken = true;
    return new HandlerError('HANDLER_LOAD_ERROR', 'The code broke its isolate while it was loaded.', {
      cause: error,
    });
  }
}

/** The base itself. */
const EMPTY_IMAGE: MemoryImage = { byteLength: 0, offsets: [], pages: new Uint8Array() };

const toBoolean = (handle: JSValueHandle): boolean => handle.toBoolean();

/** The program of the first form that compiles. */
function programFor(code: string, vm: Engine['vm']): string {
  const mistakes = [];
  for (const form of CODE_FORMS) {
    const program = programOf(code, form);
    try {
      vm.evalCode(program, FILE, EvalFlags.COMPILE_ONLY).dispose();
      return program;
    } catch (error) {
      if (!(error instanceof JSException) || error.name !== 'SyntaxError') throw error;
      mistakes.push({ message: error.message, ...placeInText(code, placeOf(error.stack), form) });
      error.dispose();
    }
  }
  const { message = '', line = 1, column = 1 } = furthest(mistakes) ?? {};
  throw new HandlerError('HANDLER_SYNTAX_ERROR', `Line ${line}, column ${column} of the code: ${message}`, {
    details: { line, column },
  });
}

/** `at handler:<line>:<column>` is where the engine found the mistake. */
function placeOf(stack: string | undefined): { readonly line: number; readonly column: number } {
  const [, line = '1', column = '1'] = /handler:(\d+):(\d+)/.exec(stack ?? '') ?? [];
  return { line: Number(line), column: Number(column) };
}

/** Starts the guest program with functions that lead to the call that runs. */
function startGuest({ vm }: Engine, current: () => GuestCall | undefined): GuestFunctions {
  const host = vm.newObject();
  const offer = (name: string, act: (call: GuestCall, args: readonly JSValueHandle[]) => void) => {
    const made = vm.newFunction(name, (...args) => {
      const call = current();
      try {
        if (call !== undefined) act(call, args);
      } catch (error) {
        // The engine would show the guest the stack of what is thrown here.
        call?.fail(error);
      }
      return vm.undefined;
    });
    vm.setProp(host, name, made);
    made.dispose();
  };
  offer('remark', (call, [json]) => call.remark(json));
  offer('ask', (call, args) => call.ask(args));
  offer('settle', (call, [kind, text]) => call.settle(kind, text));
  offer('startTimer', (call, [id, ms]) => call.startTimer(id, ms));
  offer('stopTimer', (call, [id]) => call.stopTimer(id));
  const create = vm.evalCode(GUEST_SOURCE, 'guest');
  const guest = vm.callFunction(create, vm.undefined, host);
  const functions = {
    prepare: guest.getProp('prepare'),
    run: guest.getProp('run'),
    deliver: guest.getProp('deliver'),
    fire: guest.getProp('fire'),
    abort: guest.getProp('abort'),
  };
  for (const handle of [guest, create, host]) handle.dispose();
  // Made now, so that it is part of the base: what is made later is gone when memory is put back.
  for (const handle of [vm.undefined, vm.true, vm.false]) handle.toBoolean();
  return functions;
}

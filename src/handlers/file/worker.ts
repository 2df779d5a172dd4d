// The worker thread in which modules of authors run: file handlers and plugins, one call at a time.
import { AsyncLocalStorage } from 'node:async_hooks';
import { flushCompileCache, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HandlerError } from '../../errors.ts';
import { toToolResult } from '../result.ts';
import { assertAnswerFits } from '../workers/answer-bound.ts';
import { freezeDeep } from '../workers/context-members.ts';
import { describeFailure } from '../workers/describe-failure.ts';
import { signatureOf } from '../workers/file-signature.ts';
import { createHandlerContext, type HandlerFunction } from '../workers/handler-context.ts';
import type { HandlerTarget, ModuleTarget, PluginTarget } from '../workers/handler-target.ts';
import { servePool, type WorkerCall, type WorkerPort } from '../workers/worker-side.ts';
import { loadHandler } from './load-handler.ts';

/** Tells which call a stray rejection or exception came from. */
const currentCall = new AsyncLocalStorage<number>();

const imported: [string, string][] = [];
/** Signature of every file at the moment it was loaded, by URL. */
const signatures = new Map<string, string>();
/** Which module imports which, by URL. */
const imports = new Map<string, Set<string>>();
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const { parentURL } = context;
    if (parentURL !== undefined) {
      const children = imports.get(parentURL) ?? new Set();
      imports.set(parentURL, children.add(resolved.url));
    }
    return resolved;
  },
  load(url, context, nextLoad) {
    if (url.startsWith('file:') && !url.includes('/node_modules/')) {
      const path = fileURLToPath(url);
      // Before the content is read: a change in between then looks like a change, never like none.
      const signature = signatureOf(path) ?? 'gone';
      imported.push([path, signature]);
      signatures.set(url, signature);
    }
    return nextLoad(url, context);
  },
});

servePool((port) => {
  const reportStray = (thrown: unknown) => {
    // Ends the call it came from; what no running call awaits is told, so that this worker is replaced.
    const id = currentCall.getStore();
    if (id !== undefined) port.fail(id, thrown);
    port.send({ kind: 'stray', failure: describeFailure(thrown) });
  };
  process.on('unhandledRejection', reportStray);
  process.on('uncaughtException', reportStray);
  return {
    async load(target) {
      const module = parseModuleTarget(target);
      try {
        const names = module.kind === 'plugin' ? await pluginNames(module) : [];
        if (module.kind === 'module') await loadHandler(module);
        return { files: filesOf(module), names };
      } finally {
        reportImports(port);
        // The next worker finds the stripped and compiled form: half the memory and time of a first load.
        flushCompileCache();
      }
    },
    run: (call) => run(call, port),
  };
});

async function run({ id, target, input, channel }: WorkerCall, port: WorkerPort): Promise<string> {
  const own = parseModuleTarget(target);
  const handler = await functionOf(own);
  reportImports(port);
  const context = createHandlerContext(input, channel);
  const value = await currentCall.run(id, handler, freezeDeep(input.args), context);
  const answer = JSON.stringify(toToolResult(value));
  if (own.answerMax !== undefined) assertAnswerFits(answer, own.answerMax);
  return answer;
}

/** Loaded when first needed: most threads never run a plugin, and each one starts quicker without. */
const plugins = () => import('./load-plugin.ts');

async function pluginNames({ path }: PluginTarget): Promise<readonly string[]> {
  const { loadPlugin } = await plugins();
  return [...(await loadPlugin(path)).keys()];
}

/** A module that no longer loads is told of to a caller now, and not to its author: without the folders it lies in. */
async function functionOf(target: ModuleTarget | PluginTarget): Promise<HandlerFunction> {
  try {
    if (target.kind === 'module') return await loadHandler(target);
    const { pluginFunction } = await plugins();
    return await pluginFunction(target);
  } catch (error) {
    if (!(error instanceof HandlerError)) throw error;
    const message = error.message.replaceAll(FOLDERS, '$1');
    throw new HandlerError(error.code, message, { cause: error });
  }
}

/** The folders of an absolute path. */
const FOLDERS = /(^|[\s'"(])(?:\/[^\s/:'"()]+)+\//g;

/** The files of a module: itself and what it imports, directly or not. */
function filesOf({ path }: { readonly path: string }): [string, string][] {
  const reached = new Set([pathToFileURL(path).href]);
  // A set grows while it is walked.
  for (const url of reached) for (const child of imports.get(url) ?? []) reached.add(child);
  return [...reached].flatMap((url) => {
    const signature = signatures.get(url);
    return signature === undefined ? [] : [[fileURLToPath(url), signature] satisfies [string, string]];
  });
}

function reportImports({ send }: WorkerPort): void {
  if (imported.length === 0) return;
  send({ kind: 'imported', files: imported.splice(0) });
}

function parseModuleTarget(target: HandlerTarget): ModuleTarget | PluginTarget {
  if (target.kind === 'code') throw new Error('code of definitions does not run beside modules');
  return target;
}

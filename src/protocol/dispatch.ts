// The methods of MCP without any era: finds what a request aims at and runs it through the gate.
// Knows no wire format; codecs turn messages into invocations and outcomes into messages.
import { QuaysideError } from '../errors.ts';
import { runOperation } from '../gate/pipeline.ts';
import { calledThrough } from '../plan/discovery.ts';
import type { Entry, ListMethod, ServerPlan } from '../plan/server-plan.ts';
import type { SigningSecrets } from '../secrets/signing-secrets.ts';
import type { Call, JsonObject, Operation, Outcome, Resource, ResourceTemplate } from '../tool.ts';
import { complete } from './completion.ts';
import type { Invocation } from './invocation.ts';
import { createLists, type Lists, PAGED_METHODS, type PagedMethod } from './lists.ts';
import { isObject } from './messages.ts';
import { OperationRecord } from './operation-record.ts';
import { RunningCall } from './running-call.ts';
import { TASKS_CAPABILITY } from './tasks/task.ts';
import type { Tasks } from './tasks/tasks.ts';

export interface Dispatcher {
  /** Undefined when the method is none of those both eras share. Never rejects. */
  dispatch(invocation: Invocation): Promise<Outcome> | undefined;
  /** Runs `work` under the gate as the list method `method`; for what only one era has. */
  govern(invocation: Invocation, method: ListMethod, work: () => unknown): Promise<Outcome>;
}

export interface DispatchDeps {
  /** At least 32 bytes each; sign cursors. */
  readonly secrets: SigningSecrets;
  /** Absent: no call becomes a task. */
  readonly tasks?: Tasks;
}

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const lists = createLists(deps.secrets);
  const methods = new Map<string, Method>([
    ['tools/call', (invocation) => callTool(invocation, deps.tasks)],
    ['prompts/get', getPrompt],
    ['resources/read', readResource],
    ['completion/complete', completeArgument],
    ...PAGED_METHODS.map((method) => [method, listMethod(method)] as const),
  ]);
  return {
    dispatch: (invocation) => methods.get(invocation.method)?.(invocation, lists),
    govern: (invocation, method, work) => runList(invocation, method, async () => work()),
  };
}

type Method = (invocation: Invocation, lists: Lists) => Promise<Outcome>;

function callTool(invocation: Invocation, tasks: Tasks | undefined): Promise<Outcome> {
  const { name, arguments: args } = invocation.params;
  if (typeof name !== 'string') return refuse(invalidParams('`name` must be a string.', 'name'));
  if (args !== undefined && !isObject(args)) {
    return refuse(invalidParams('`arguments` must be an object.', 'arguments'));
  }
  const through = calledThrough(invocation.server, name, args ?? {});
  if (through !== undefined && !isHidden(invocation, through.entry))
    return runEntry(invocation, through.entry, through.args, (call) => through.entry.item.run(call));
  const entry = invocation.server.tools.get(name);
  if (entry === undefined || isHidden(invocation, entry))
    return refuseUnknown(invocation, 'tools/list', 'unknown_tool', name);
  const { taskSupport } = entry.item.spec;
  const { task } = invocation;
  if (taskSupport !== undefined && task !== undefined && tasks !== undefined)
    return tasks.call(invocation, entry, args ?? {}, task);
  if (taskSupport === 'required')
    return refuse(new QuaysideError('task_required', { data: { requiredCapabilities: TASKS_CAPABILITY } }));
  if (task?.when === 'at-once')
    return refuse(new QuaysideError('method_not_found', { message: 'This tool does not run as a task.' }));
  return runEntry(invocation, entry, args ?? {}, (call) => entry.item.run(call));
}

function getPrompt(invocation: Invocation): Promise<Outcome> {
  const { name, arguments: args } = invocation.params;
  if (typeof name !== 'string') return refuse(invalidParams('`name` must be a string.', 'name'));
  if (args !== undefined && !isObject(args)) {
    return refuse(invalidParams('`arguments` must be an object.', 'arguments'));
  }
  const entry = invocation.server.prompts.get(name);
  if (entry === undefined || isHidden(invocation, entry))
    return refuseUnknown(invocation, 'prompts/list', 'unknown_prompt', name);
  return runEntry(invocation, entry, args ?? {}, async (call) => {
    checkPromptArguments(entry.item.spec.arguments, call.args);
    return entry.item.get(call);
  });
}

function readResource(invocation: Invocation): Promise<Outcome> {
  const { uri } = invocation.params;
  if (typeof uri !== 'string') return refuse(invalidParams('`uri` must be a string.', 'uri'));
  const found = findResource(invocation.server, uri);
  if (found === undefined || isHidden(invocation, found.entry))
    return refuseUnknown(invocation, 'resources/list', 'unknown_resource', uri);
  const { entry, args } = found;
  return runEntry(invocation, entry, args, async (call) => ({ contents: await entry.item.read(call) }));
}

function completeArgument(invocation: Invocation): Promise<Outcome> {
  const { server, params } = invocation;
  return runList(invocation, 'completion/complete', (call) => complete(server, call, params));
}

function listMethod(method: PagedMethod): Method {
  return (invocation, lists) =>
    runList(invocation, method, async () => {
      const { server, context, params } = invocation;
      return lists.page(server, method, server.visibleTo(context.principal), params.cursor);
    });
}

function runList(
  invocation: Invocation,
  method: ListMethod,
  work: (call: Call) => Promise<unknown>,
): Promise<Outcome> {
  const entry = invocation.server.lists.get(method);
  if (entry === undefined) return refuse(new QuaysideError('method_not_found'));
  return runEntry(invocation, entry, invocation.params, work);
}

function runEntry(
  invocation: Invocation,
  entry: Entry<unknown>,
  args: JsonObject,
  work: (call: Call) => Promise<unknown>,
): Promise<Outcome> {
  invocation.context.governed = true;
  const operation: Operation = new OperationRecord(entry.target, invocation, args);
  return runOperation(entry, operation, (admitted) => {
    const call = new RunningCall(admitted, admitted.args, invocation.channel);
    invocation.channel.attach(call);
    if (operation.kind === 'tool') invocation.context.begin?.();
    if (admitted.runsToEnd !== true) invocation.cancellation.onCancel(() => call.end(cancelled()));
    return call.race(work);
  });
}

/** The name by which everybody knows that nobody waits any more, and that nothing failed. */
function cancelled(): Error {
  return new DOMException('The client cancelled the request.', 'AbortError');
}

/** What does not exist for the caller takes the way of what does not exist: nothing must tell them apart. */
function isHidden({ server, context }: Invocation, entry: Entry<unknown>): boolean {
  return server.hides?.(context.principal, entry.target) === true;
}

/** An unknown name passes the gate of its list, so that guessing names is limited and recorded like listing them. */
function refuseUnknown(
  invocation: Invocation,
  method: ListMethod,
  code: 'unknown_tool' | 'unknown_prompt' | 'unknown_resource',
  name: string,
): Promise<Outcome> {
  return runList(invocation, method, async () => {
    throw code === 'unknown_resource'
      ? new QuaysideError(code, { data: { uri: shown(name) } })
      : new QuaysideError(code, { message: `${MISSING[code]}: ${JSON.stringify(shown(name))}.` });
  });
}

const MISSING = { unknown_tool: 'Unknown tool', unknown_prompt: 'Unknown prompt' } as const;

/** Names come from the caller and go into messages and logs: long ones are cut. */
function shown(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}...` : name;
}

type Readable = Entry<Resource> | Entry<ResourceTemplate>;

function findResource(
  server: ServerPlan,
  uri: string,
): { readonly entry: Readable; readonly args: JsonObject } | undefined {
  const entry = server.resources.get(uri);
  if (entry !== undefined) return { entry, args: { uri } };
  for (const template of server.resourceTemplates) {
    const variables = template.item.match(uri);
    if (variables !== undefined) return { entry: template, args: { ...variables, uri } };
  }
  return undefined;
}

function checkPromptArguments(
  declared: readonly { readonly name: string; readonly required: boolean }[],
  args: JsonObject,
): void {
  const missing: string[] = [];
  for (const { name, required } of declared) {
    const value = args[name];
    if (value === undefined) {
      if (required) missing.push(name);
    } else if (typeof value !== 'string') {
      throw invalidParams(`Prompt argument \`${name}\` must be a string.`, `arguments.${name}`);
    }
  }
  if (missing.length === 0) return;
  throw new QuaysideError('invalid_params', {
    message: `Required prompt arguments are missing: ${missing.join(', ')}.`,
    data: { missing },
  });
}

function invalidParams(message: string, field: string): QuaysideError {
  return new QuaysideError('invalid_params', { message, data: { field } });
}

async function refuse(error: QuaysideError): Promise<Outcome> {
  return { ok: false, error };
}

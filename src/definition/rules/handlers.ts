// What a handler says must fit its tool and the world: parameters, addresses, files.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Handler, HttpHandler, SqlHandler } from '../schema/handler.ts';
import type { Tool } from '../schema/tool.ts';
import { nearestNode } from '../source/node.ts';
import { handlerPlaces } from './handler-places.ts';
import { inlineCodeProblem, offsetOfCode } from './inline-code.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';
import { sqlParameters } from './sql-parameters.ts';

export function checkHandlers(context: RuleContext): void {
  const { definition, sound } = context;
  for (const [index, path] of definition.plugins.entries()) {
    if (sound(`/plugins/${index}`)) checkModule(path, `/plugins/${index}`, context);
  }
  for (const { handler, pointer } of handlerPlaces(context)) checkHandler(handler, pointer, context);
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools)) {
    if (!sound(`${pointer}/inputSchema`)) continue;
    const { handler, idempotency } = item;
    const args = propertyNames(item);
    if (sound(`${pointer}/handler`)) {
      if (handler.type === 'sql') {
        checkParameters(handler, args, { ...context, pointer: `${pointer}/handler` });
        checkUnused(item, handler, pointer, context);
      }
      checkArguments(item, handler, args, { ...context, pointer: `${pointer}/handler` });
    }
    const reconcile = idempotency?.reconcile;
    if (idempotency === undefined || reconcile === undefined || !sound(`${pointer}/idempotency`)) continue;
    const place = { ...context, pointer: `${pointer}/idempotency/reconcile` };
    const known = [...args, idempotency.argument];
    checkReconcile(idempotency.mode, reconcile, place);
    if (reconcile.type === 'sql') checkParameters(reconcile, known, place);
    checkArguments(item, reconcile, known, place);
  }
}

/** A rule's context, with the place of the handler that it judges. */
type At = RuleContext & { readonly pointer: string };

function checkReconcile(mode: string, handler: Handler, { root, pointer, report }: At): void {
  const refuse = (message: string, fix: string) =>
    report.error({ rule: 'reconcile', node: nearestNode(root, pointer), atKey: true, message, fix });
  if (mode === 'none')
    refuse(
      'The tool takes no keys, so there is nothing to find out.',
      'Remove it, or let `mode` be optional.',
    );
  if (handler.type === 'prompt')
    refuse(
      'A model does not know whether a call took effect.',
      'Ask where the effect is: http, sql, mcp, file, registry or inline.',
    );
}

function checkHandler(handler: Handler, pointer: string, context: RuleContext): void {
  if (handler.type === 'http') {
    checkUrl(handler, pointer, context);
    for (const key of ['requestTransform', 'responseTransform'] as const) {
      const code = handler[key];
      if (code !== undefined) checkCode(code, `${pointer}/${key}`, context);
    }
  }
  if (handler.type === 'file') checkModule(handler.path, `${pointer}/path`, context);
  if (handler.type === 'inline') checkCode(handler.code, `${pointer}/code`, context);
  if (handler.type === 'sql') {
    demandOne(context, pointer, { statement: handler.statement, template: handler.template });
  }
  if (handler.type === 'prompt') {
    demandOne(context, pointer, { prompt: handler.prompt, template: handler.template });
  }
}

/** Reports unless exactly one of the named values is given. */
export function demandOne(
  context: RuleContext,
  pointer: string,
  values: Readonly<Record<string, unknown>>,
): void {
  const given = Object.keys(values).filter((key) => values[key] !== undefined);
  if (given.length === 1) return;
  const keys = Object.keys(values).join(', ');
  context.report.error({
    rule: 'one-of',
    node: nearestNode(context.root, given.length === 0 ? pointer : `${pointer}/${given[1]}`),
    atKey: true,
    message:
      given.length === 0 ? `None of ${keys} is given.` : `Both ${given.slice(0, 2).join(' and ')} are given.`,
    fix: `Give exactly one of ${keys}.`,
  });
}

function checkUrl(handler: HttpHandler, pointer: string, { root, report }: RuleContext): void {
  const node = nearestNode(root, `${pointer}/url`);
  const refuse = (message: string, fix: string) => report.error({ rule: 'http-target', node, message, fix });
  const scheme = /^https?:\/\//.exec(handler.url);
  if (scheme === null) {
    refuse('The URL does not start with http:// or https://.', 'Write the scheme and the host out.');
    return;
  }
  const authority = handler.url.slice(scheme[0].length).split(/[/?#\\]/, 1)[0] ?? '';
  if (authority.includes('${args')) {
    refuse(
      'Scheme and host may not come from arguments.',
      'Write the host out; use arguments in path and query.',
    );
  } else if (authority.includes('@')) {
    refuse('The URL carries credentials.', 'Send them in `headers`.');
  } else if (!URL.canParse(handler.url.replaceAll(/\$\{args[^}]*\}/g, 'x'))) {
    refuse('The URL cannot be read.', 'Write an absolute URL such as https://example.com/a.');
  }
}

function checkModule(given: string, pointer: string, context: RuleContext): void {
  const path = resolve(context.baseDirectory, given);
  context.files.add(path);
  if (existsSync(path) && statSync(path).isFile()) return;
  context.report.error({
    rule: 'file',
    node: nearestNode(context.root, pointer),
    message: `The module '${given}' does not exist.`,
    fix: `It is looked for relative to the definition, at ${path}.`,
  });
}

function checkCode(code: string, pointer: string, context: RuleContext): void {
  const problem = inlineCodeProblem(code);
  if (problem === undefined) return;
  const node = nearestNode(context.root, pointer);
  const at = offsetOfCode(context.text, node.at, code, problem);
  const { line, column, message } = problem;
  context.report.error({
    rule: 'code',
    node: at === undefined ? node : { ...node, at },
    message: `The code has a syntax error at its line ${line}, column ${column}: ${message}.`,
    fix: 'Write a function such as (args) => args.a, or a body with `return`.',
  });
}

function checkParameters(handler: SqlHandler, known: readonly string[], { root, report, pointer }: At): void {
  for (const name of sqlParameters(handler.statement ?? '')) {
    if (known.includes(name)) continue;
    report.error({
      rule: 'sql-parameter',
      node: nearestNode(root, `${pointer}/statement`),
      message: `The parameter :${name} has no argument of that name.`,
      fix: `Add ${name} to the input, or remove it from the statement.`,
      unknown: { name, known },
    });
  }
}

function checkUnused(tool: Tool, handler: SqlHandler, pointer: string, context: RuleContext): void {
  if (handler.statement === undefined) return;
  const parameters = sqlParameters(handler.statement);
  const key = tool.idempotency?.argument ?? 'idempotency_key';
  for (const name of propertyNames(tool)) {
    if (parameters.includes(name) || name === key) continue;
    context.report.warning({
      rule: 'sql-parameter',
      node: nearestNode(context.root, `${pointer}/inputSchema/properties/${name}`),
      atKey: true,
      message: `The argument '${name}' is not used in the statement.`,
      fix: `Use :${name}, or remove the argument.`,
    });
  }
}

/** `${args.x}` of an HTTP or upstream handler must name an argument where the schema admits no others. */
function checkArguments(tool: Tool, handler: Handler, known: readonly string[], context: At): void {
  if (handler.type !== 'http' && handler.type !== 'mcp') return;
  if (tool.inputSchema.additionalProperties !== false) return;
  const text = JSON.stringify(handler);
  for (const [, name = ''] of text.matchAll(/\$\{args\.([A-Za-z_$][\w$-]*)/g)) {
    if (known.includes(name)) continue;
    context.report.error({
      rule: 'substitution',
      node: nearestNode(context.root, context.pointer),
      message: `\${args.${name}} names no argument of the tool.`,
      fix: `Add ${name} to the input, or correct the placeholder.`,
      unknown: { name, known },
    });
  }
}

/** Arguments that the schema of a tool lists. */
export function propertyNames(tool: Tool): string[] {
  const properties = tool.inputSchema.properties;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

// Prompts and resources: exactly one source each, placeholders that exist, files inside the folder.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Prompt } from '../schema/content.ts';
import { nearestNode } from '../source/node.ts';
import { demandOne } from './handlers.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

/** A prompt is text for a model: more than this is a file named by mistake. */
const TEMPLATE_BYTES_MAX = 1024 * 1024;
const PLACEHOLDER = /\{\{\{\{|\{\{\s*([^{}]*?)\s*\}\}/g;

export function checkContent(context: RuleContext): void {
  const { definition, sound } = context;
  for (const { item, pointer } of entriesOf(context, 'prompts', definition.prompts)) {
    const { template, messages, templateFile, handler } = item;
    demandOne(context, pointer, { template, messages, templateFile, handler });
    if (sound(`${pointer}/arguments`)) checkPrompt(item, pointer, context);
  }
  for (const { item, pointer } of entriesOf(context, 'resources', definition.resources)) {
    const { content, file, blob, handler } = item;
    demandOne(context, pointer, { content, file, blob, handler });
    if (file !== undefined && sound(`${pointer}/file`)) resolveInside(file, `${pointer}/file`, context);
  }
}

function checkPrompt(prompt: Prompt, pointer: string, context: RuleContext): void {
  const known = prompt.arguments.map((argument) => argument.name);
  for (const [index, name] of known.entries()) {
    if (known.indexOf(name) === index) continue;
    context.report.error({
      rule: 'duplicate',
      node: nearestNode(context.root, `${pointer}/arguments/${index}/name`),
      message: `The argument '${name}' is declared twice.`,
      fix: 'Rename one of the two.',
    });
  }
  for (const { text, at } of textsOf(prompt, pointer, context)) {
    for (const name of promptPlaceholders(text)) {
      if (known.includes(name)) continue;
      context.report.error({
        rule: 'prompt-placeholder',
        node: nearestNode(context.root, at),
        message: `{{${name}}} names no argument of the prompt.`,
        fix: `Declare the argument '${name}', or write {{{{ for a literal {{.`,
        unknown: { name, known },
      });
    }
  }
}

/** Names in `{{name}}`, without repetition; `{{{{` stands for a literal. */
export function promptPlaceholders(text: string): string[] {
  const names = [...text.matchAll(PLACEHOLDER)].flatMap((match) =>
    match[1] === undefined ? [] : [match[1]],
  );
  return [...new Set(names)];
}

function textsOf(prompt: Prompt, pointer: string, context: RuleContext): { text: string; at: string }[] {
  const texts: { text: string; at: string }[] = [];
  if (typeof prompt.template === 'string') texts.push({ text: prompt.template, at: `${pointer}/template` });
  const messages = context.sound(`${pointer}/messages`) ? (prompt.messages ?? []) : [];
  for (const [index, { content }] of messages.entries()) {
    const text = typeof content === 'string' ? content : content.text;
    if (typeof text === 'string') texts.push({ text, at: `${pointer}/messages/${index}/content` });
  }
  if (typeof prompt.templateFile === 'string') {
    const at = `${pointer}/templateFile`;
    const path = resolveInside(prompt.templateFile, at, context);
    if (path !== undefined) context.files.add(path);
    if (path !== undefined) texts.push({ text: readTemplate(path, at, context), at });
  }
  return texts;
}

function readTemplate(path: string, pointer: string, context: RuleContext): string {
  if (statSync(path).size <= TEMPLATE_BYTES_MAX) return readFileSync(path, 'utf8');
  context.report.error({
    rule: 'file',
    node: nearestNode(context.root, pointer),
    message: `The file is larger than ${TEMPLATE_BYTES_MAX} bytes.`,
    fix: 'Shorten the prompt.',
  });
  return '';
}

/** The absolute path of an existing file inside the folder of the definition, links followed; else reports. */
function resolveInside(file: string, pointer: string, context: RuleContext): string | undefined {
  const path = resolve(context.baseDirectory, file);
  const node = nearestNode(context.root, pointer);
  if (!isInside(context.baseDirectory, path)) {
    const message = `The file '${file}' lies outside the folder of the definition.`;
    context.report.error({ rule: 'file', node, message, fix: `Move it below ${context.baseDirectory}.` });
    return undefined;
  }
  if (!existsSync(path) || !statSync(path).isFile()) {
    const message = `The file '${file}' does not exist.`;
    context.report.error({ rule: 'file', node, message, fix: `It is looked for at ${path}.` });
    return undefined;
  }
  if (isInside(realpathSync(context.baseDirectory), realpathSync(path))) return path;
  const message = `The file '${file}' is a link that leaves the folder of the definition.`;
  context.report.error({ rule: 'file', node, message, fix: 'Put the file itself there.' });
  return undefined;
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

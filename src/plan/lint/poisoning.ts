// Texts that speak to the model behind the back of the person who approves the tool (OWASP MCP03, tool poisoning).
import type { ListedTool } from '../listed-tool.ts';
import type { Finding, LintRule } from './finding.ts';
import { textsOf } from './texts.ts';

/**
 * Control characters but tab and line ends, private use, and what Unicode says is not to be shown: zero-width and
 * joining characters, direction marks, variation selectors, tags. Models read all of it.
 */
const HIDDEN_CHARACTERS = /[[\p{Cc}\p{Co}\p{Default_Ignorable_Code_Point}]--[\t\n\r]]/v;
/** Emoji are made of such characters. */
const EMOJI = /\p{RGI_Emoji}/gv;

/** Comments, and tags that pose as parts of the conversation. */
const HIDDEN_MARKUP =
  /<!--|<\/?\s*(important|system|secret|instructions?|assistant|user|admin|override|hidden|critical)\b[^>]*>|\[\/?INST\]|<\|[a-z_]+\|>/i;

/** Orders that no description of a tool needs. Each is one way in which published attacks were worded. */
const INSTRUCTIONS: readonly RegExp[] = [
  /\b(ignore|disregard|forget|override)\b.{0,40}\b(previous|prior|above|earlier|all other|any other|system)\b.{0,30}\b(instructions?|prompts?|rules|messages?|tools?)\b/i,
  /\b(do not|don't|never|without)\b.{0,20}\b(tell|telling|mention|mentioning|inform|informing|notify|notifying|show|showing|reveal|alert)\w*\b.{0,30}\b(the )?(user|human|person|anyone)\b/i,
  /\b(before|after|when|whenever)\b.{0,40}\b(us(e|ing)|call(ing)?|invok(e|ing))\b.{0,30}\b(this|any|another|other)\b.{0,20}\btools?\b.{0,60}\b(must|always|first|should)\b.{0,60}\b(read|send|call|include|pass|fetch|access)\b/i,
  /\b(read|open|access|include|send|pass|attach|upload)\b.{0,60}(~\/\.|\.ssh\b|id_rsa|\.env\b|\.aws\b|\.cursor\b|mcp\.json|\/etc\/passwd|credentials file|private key)/i,
  /\b(system prompt|conversation history|chat history|previous messages|entire conversation)\b.{0,60}\b(here|parameter|argument|field|to this|into)\b/i,
  /\b(include|put|pass|send|provide|insert)\b.{0,50}\b(system prompt|conversation history|chat history|entire conversation|chain of thought|reasoning)\b/i,
  /\b(forward|send|post|upload|bcc|cc)\b.{0,60}\b(all|every|any)\b.{0,40}\b(e-?mails?|messages?|files?|data|secrets?|tokens?|passwords?)\b.{0,60}(https?:\/\/|@[\w.-]+\.\w)/i,
  /\byou (must|have to|are required to)\b.{0,40}\b(always )?(call|use|invoke|run)\b.{0,30}\b(this tool|it)\b.{0,30}\b(first|before any|before every|instead of)\b/i,
];

/** As long as an encoded sentence; identifiers and hashes of documents are shorter. */
const ENCODED = /[A-Za-z0-9+/]{120,}={0,2}|(?:\\x[0-9a-f]{2}){20,}|(?:\\u[0-9a-f]{4}){20,}/i;

interface Sign {
  readonly rule: LintRule;
  readonly of: (text: string) => string | undefined;
  readonly what: string;
  readonly fix: string;
}

const SIGNS: readonly Sign[] = [
  {
    rule: 'hidden-characters',
    of: (text) => codePointOf(HIDDEN_CHARACTERS.exec(text.replaceAll(EMOJI, ''))?.[0]),
    what: 'The text holds a character that nobody sees',
    fix: 'Remove it.',
  },
  {
    rule: 'hidden-markup',
    of: (text) => HIDDEN_MARKUP.exec(text)?.[0],
    what: 'The text holds markup that is shown to nobody or poses as a message',
    fix: 'Remove it; write plain sentences about the tool.',
  },
  {
    rule: 'hidden-instruction',
    of: (text) =>
      INSTRUCTIONS.map((pattern) => pattern.exec(text.replaceAll(/\s+/g, ' '))?.[0]).find(
        (found) => found !== undefined,
      ),
    what: 'The text gives the model an order that has nothing to do with calling the tool',
    fix: 'Say what the tool does and nothing else; if the text comes from another server, do not trust that server.',
  },
  {
    rule: 'hidden-data',
    of: (text) => ENCODED.exec(text)?.[0],
    what: 'The text holds encoded data',
    fix: 'Write it out, or remove it.',
  },
];

/** One finding for each sign in each text. */
export function lintPoisoning(tool: ListedTool): readonly Finding[] {
  return textsOf(tool).flatMap(({ pointer, text }) => lintText(pointer, text, tool.name));
}

/** The same for the text of a server. */
export function lintText(pointer: string, text: string, tool?: string): readonly Finding[] {
  return SIGNS.flatMap(({ rule, of, what, fix }) => {
    const found = of(text);
    if (found === undefined) return [];
    const message = `${what}: ${JSON.stringify(excerpt(found))}.`;
    return [{ rule, ...(tool === undefined ? {} : { tool }), pointer, message, fix }];
  });
}

function codePointOf(character: string | undefined): string | undefined {
  const code = character?.codePointAt(0);
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

const EXCERPT_LENGTH_MAX = 80;

function excerpt(text: string): string {
  return text.length <= EXCERPT_LENGTH_MAX ? text : `${text.slice(0, EXCERPT_LENGTH_MAX)}...`;
}

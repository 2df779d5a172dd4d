// What is wrong with one plain value, in words.
import { formats, isFormatted } from './format.ts';
import type { NumberShape, Shape, StringShape } from './schema/vocabulary.ts';
import type { Node } from './source/node.ts';

export interface Complaint {
  readonly message: string;
  readonly fix: string;
}

export function stringComplaint(shape: StringShape, text: string): Complaint | undefined {
  if (shape.minLength !== undefined && text.length < shape.minLength) {
    return shape.minLength === 1
      ? { message: 'The text is empty.', fix: 'Write at least one character.' }
      : { message: `The text is too short.`, fix: `Write at least ${shape.minLength} characters.` };
  }
  if (shape.maxLength !== undefined && text.length > shape.maxLength) {
    return { message: `The text has ${text.length} characters.`, fix: `Write at most ${shape.maxLength}.` };
  }
  if (shape.pattern !== undefined && !shape.pattern.test(text)) {
    return { message: 'The text has the wrong form.', fix: `It must match ${shape.pattern.source}.` };
  }
  if (shape.format !== undefined && !isFormatted(shape.format, text)) {
    return { message: `The text is no ${formats[shape.format].name}.`, fix: formats[shape.format].fix };
  }
  return undefined;
}

export function numberComplaint(shape: NumberShape, value: number): Complaint | undefined {
  if (shape.kind === 'integer' && !Number.isSafeInteger(value)) {
    return { message: 'The number is not whole.', fix: 'Write a whole number.' };
  }
  if (shape.minimum !== undefined && value < shape.minimum) {
    return { message: 'The number is too small.', fix: rangeFix(shape) };
  }
  if (shape.maximum !== undefined && value > shape.maximum) {
    return { message: 'The number is too large.', fix: rangeFix(shape) };
  }
  return undefined;
}

/** What to do about a value of another type than the expected one. */
export function typeFix(node: Node, expected: string): string {
  if (node.kind !== 'scalar') return `Write ${expected}.`;
  if (node.value === null) return 'Give a value, or remove the key.';
  if (expected === 'string') return 'Put it in quotes.';
  return `Write ${expected}.`;
}

/** JSON types that a shape admits, in words. */
export function typesOf(shape: Shape): string[] {
  switch (shape.kind) {
    case 'choice':
      return ['string'];
    case 'record':
    case 'variants':
      return ['object'];
    case 'integer':
      return ['number'];
    case 'union':
      return shape.options.flatMap(typesOf);
    case 'any':
      return ['string', 'number', 'boolean', 'object', 'array', 'null'];
    default:
      return [shape.kind];
  }
}

/** The JSON type of a value, in words. */
export function jsonType(node: Node): string {
  if (node.kind !== 'scalar') return node.kind;
  return node.value === null ? 'null' : typeof node.value;
}

function rangeFix({ minimum, maximum, unit }: NumberShape): string {
  const suffix = unit === undefined ? '' : ` (${unit})`;
  if (minimum !== undefined && maximum !== undefined) return `Write ${minimum} to ${maximum}${suffix}.`;
  return minimum === undefined ? `Write at most ${maximum}${suffix}.` : `Write at least ${minimum}${suffix}.`;
}

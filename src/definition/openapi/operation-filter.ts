// Which operations of a description become tools.
import { HTTP_METHODS } from '../schema/handler.ts';
import type { Operation } from './operation.ts';

export interface OperationFilter {
  /** Upper case; empty: reading ones. */
  readonly methods: readonly string[];
  /** Operations with any of these; empty: all. */
  readonly tags: readonly string[];
  /** Patterns with `*` for anything; empty: all. */
  readonly paths: readonly string[];
}

/** What is imported where nobody asks for more. */
const READING_METHODS = ['GET', 'HEAD'];

/** In the order of the description. */
export function filterOperations(
  operations: readonly Operation[],
  filter: OperationFilter,
): readonly Operation[] {
  const asked = filter.methods.length === 0 ? READING_METHODS : filter.methods;
  const methods = asked.filter((method) => HTTP_METHODS.some((known) => known === method));
  const paths = filter.paths.map(toPattern);
  return operations.filter(
    ({ method, tags, path }) =>
      methods.includes(method) &&
      (filter.tags.length === 0 || tags.some((tag) => filter.tags.includes(tag))) &&
      (paths.length === 0 || paths.some((pattern) => pattern.test(path))),
  );
}

function toPattern(text: string): RegExp {
  const literals = text.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`);
}

import { expect, test } from 'vitest';
import { parseChallenge } from './challenge.ts';

test.each([
  [undefined, {}],
  ['Basic realm="x"', {}],
  ['Bearer', {}],
  ['bearer error=insufficient_scope, scope="a b"', { error: 'insufficient_scope', scope: 'a b' }],
  [
    'Basic realm="x", Bearer resource_metadata="https://example.com/a?b=c", scope="say \\"hi\\""',
    { resourceMetadata: 'https://example.com/a?b=c', scope: 'say "hi"' },
  ],
  ['Bearer scope="first", scope="second"', { scope: 'first' }],
  [
    'Bearer error_description="scope=\\"not this\\", error=neither", error="invalid_token"',
    { error: 'invalid_token' },
  ],
])('%s', (header, expected) => {
  expect(parseChallenge(header)).toEqual(expected);
});

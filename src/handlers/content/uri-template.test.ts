import { expect, test } from 'vitest';
import { parseUriTemplate } from './uri-template.ts';

test.each([
  ['x://{a}', 'x://1', { a: '1' }],
  ['x://{a}', 'x://a%2Fb%20c', { a: 'a/b c' }],
  ['x://{a}', 'x://ü', { a: 'ü' }],
  ['x://{a}/b/{c}', 'x://1/b/2', { a: '1', c: '2' }],
  ['x://{a,b}', 'x://1,2', { a: '1', b: '2' }],
  ['x://{a,b}', 'x://1', { a: '1' }],
  ['x://{+path}', 'x://a/b/c.md', { path: 'a/b/c.md' }],
  ['x://{+path}/end', 'x://a/b/end', { path: 'a/b' }],
  ['x://h{/a,b}', 'x://h/1/2', { a: '1', b: '2' }],
  ['x://h{.ext}', 'x://h.md', { ext: 'md' }],
  ['x://h{#part}', 'x://h#top', { part: 'top' }],
  ['x://h{#part}', 'x://h', {}],
  ['x://h{;a,b}', 'x://h;b=2;a=1', { a: '1', b: '2' }],
  ['x://h{?q,lang}', 'x://h?lang=de&q=a%26b&other=1', { q: 'a&b', lang: 'de' }],
  ['x://h{?q}', 'x://h', {}],
  ['x://h?v=1{&q}', 'x://h?v=1&q=2', { q: '2' }],
  ['x://{a}/{a}', 'x://1/1', { a: '1' }],
  ['x://{a}-{b}', 'x://1-2-3', { a: '1', b: '2-3' }],
  ['x://{a}{?q}', 'x://1?q=2', { a: '1', q: '2' }],
  ['x://{a}{?q}', 'x://1', { a: '1' }],
  ['x://h{/a}{.b}', 'x://h/1.md', { a: '1', b: 'md' }],
  ['x://a.b/{c}', 'x://a.b/{', undefined],
  ['x://a.b/{c}', 'x://aXb/1', undefined],
  ['x://{a}/{a}', 'x://1/2', undefined],
  ['x://{a}', 'x://', undefined],
  ['x://{a}', 'x://1/2', undefined],
  ['x://{a}', 'y://1', undefined],
  ['x://{a}', 'x://%zz', undefined],
  ['x://{a}', 'x://%ff', undefined],
])('%s against %s', (template, uri, values) => {
  expect(parseUriTemplate(template).match(uri)).toEqual(values);
});

test.each(['..', '.', '%2e%2e', '%2E%2E%2Fetc', 'a%2F..%2Fb', '..%5Cwindows', 'a%00b', 'a%0d%0ab'])(
  'P07: %s is no value of a variable',
  (value) => {
    expect(parseUriTemplate('x://{a}').match(`x://${value}`)).toBeUndefined();
    expect(parseUriTemplate('x://{+a}').match(`x://${value}`)).toBeUndefined();
    expect(parseUriTemplate('x://h{?a}').match(`x://h?a=${value}`)).toBeUndefined();
  },
);

test('P07: dot segments in a reserved expansion are refused', () => {
  expect(parseUriTemplate('x://{+path}').match('x://a/../../etc/passwd')).toBeUndefined();
});

test('a hostile URI takes linear time', () => {
  const template = parseUriTemplate('x://{+a}/{+b}/{+c}/end');
  const startedAt = performance.now();
  expect(template.match(`x://${'/a'.repeat(4000)}`)).toBeUndefined();
  expect(template.match(`x://${'a'.repeat(100_000)}`)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(500);
});

test.each([
  'x://{a',
  'x://a}',
  'x://{}',
  'x://{a*}',
  'x://{a:3}',
  'x://{a b}',
  'x://{|a}',
  'x://{a}{b}',
  'x://{a}{+b}',
])('%s is refused', (template) => {
  expect(() => parseUriTemplate(template)).toThrow(SyntaxError);
});

// Multipart bodies and files of http handlers, parsed by the platform's own parser at the other side.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HandlerError } from '../../src/errors.ts';
import { type FormServer, startFormServer } from '../support/form-server.ts';
import { callWith, createTestEgress, prepareHttpTool } from './http-tool.ts';

const egress = createTestEgress();
const MULTIPART = { 'Content-Type': 'multipart/form-data' };
const PNG = Buffer.from('89504e470d0a1a0a0000ff00', 'hex');

let server: FormServer;
beforeAll(async () => {
  server = await startFormServer();
});
afterAll(async () => {
  await server.close();
  await egress.close();
});

type Keys = Partial<Parameters<typeof prepareHttpTool>[0]>;

function prepare(keys: Keys) {
  return prepareHttpTool({ url: server.url, method: 'POST', headers: MULTIPART, ...keys }, { egress });
}

async function send(keys: Keys, args: Record<string, unknown>) {
  const result = await prepare(keys).run(callWith(args));
  expect(result).not.toMatchObject({ isError: true });
  return server.received.at(-1);
}

async function refusal(keys: Keys, args: Record<string, unknown>): Promise<string> {
  const before = server.received.length;
  const result = await prepare(keys).run(callWith(args));
  expect(result.isError).toBe(true);
  expect(server.received).toHaveLength(before);
  return JSON.stringify(result.content);
}

describe('a multipart body', () => {
  test('P05: carries texts, lists, objects and files with what the handler says of them', async () => {
    const seen = await send(
      {
        body: {
          title: 'About ${args.title}',
          count: '${args.count}',
          tags: '${args.tags}',
          joined: '${args.tags|csv}',
          meta: '${args.meta}',
          missing: '${args.missing}',
          fixed: 'yes',
          photo: '${args.photo|file}',
          plain: '${args.photo|file}',
        },
        parts: {
          photo: { filename: '${args.title}.png', contentType: 'image/png' },
          meta: { contentType: 'application/vnd.meta+json' },
        },
      },
      { title: 'ä "q"', count: 3, tags: ['a', 'b c'], meta: { k: [1] }, photo: PNG.toString('base64') },
    );
    expect(seen?.contentType).toMatch(/^multipart\/form-data; boundary=quayside-[0-9a-f-]{36}$/);
    expect(seen?.fields).toEqual([
      ['title', 'About ä "q"'],
      ['count', '3'],
      ['tags', 'a'],
      ['tags', 'b c'],
      ['joined', 'a,b c'],
      ['meta', '{"k":[1]}'],
      ['fixed', 'yes'],
      ['photo', { filename: 'ä "q".png', type: 'image/png', bytes: PNG }],
      ['plain', { filename: 'plain', type: 'application/octet-stream', bytes: PNG }],
    ]);
    expect(seen?.body.toString('latin1')).toContain('Content-Type: application/vnd.meta+json');
  });

  test('P05: of a list of files has a part for each', async () => {
    const files = [PNG, Buffer.from('')].map((bytes) => bytes.toString('base64'));
    const seen = await send({ body: { all: '${args.files|file}' } }, { files });
    expect(seen?.fields.map(([name, value]) => [name, typeof value === 'object' && value.bytes])).toEqual([
      ['all', PNG],
      ['all', Buffer.from('')],
    ]);
  });

  test('P05 N4: no argument becomes anything but the value that it is', async () => {
    const tool = prepare({ body: { text: '${args.text}', file: '${args.file|file}' } });
    const hostile = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '\r\n--quayside',
        '--x--\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1\r\n',
        '${HOME} ${args.file}',
        '\u0000',
      ),
    );
    await fc.assert(
      fc.asyncProperty(hostile, fc.uint8Array({ maxLength: 200 }), async (text, bytes) => {
        const file = Buffer.from(bytes);
        await tool.run(callWith({ text, file: file.toString('base64') }));
        expect(server.received.at(-1)?.fields).toEqual([
          ['text', text],
          ['file', { filename: 'file', type: 'application/octet-stream', bytes: file }],
        ]);
      }),
      { numRuns: 100 },
    );
  });

  test('N4: the name of a file cannot end its quotes, its header or its line', async () => {
    const keys = { body: { f: '${args.f|file}' }, parts: { f: { filename: '${args.name}' } } };
    const seen = await send(keys, { f: '', name: 'a"; name="admin' });
    expect(seen?.fields.map(([name]) => name)).toEqual(['f']);
    expect(seen?.body.toString()).toContain('filename="a%22; name=%22admin"');
    expect(await refusal(keys, { f: '', name: 'a\r\nX-Evil: 1' })).toContain('control character');
  });

  test.each([
    ['no base64', 'not base64!', 'not base64'],
    ['base64 without its padding', 'SGVsbG8', 'not base64'],
    ['base64url', '-_-_', 'not base64'],
    ['base64 in lines', 'SGVs\nbG8=', 'not base64'],
    ['a data URL', 'data:image/png;base64,SGVsbG8=', 'data URL'],
    ['a number', 7, 'not base64'],
  ])('refuses %s, and says what to give', async (_, photo, problem) => {
    const said = await refusal({ body: { photo: '${args.photo|file}' } }, { photo });
    expect(said).toContain(problem);
    expect(said).toContain('photo');
    expect(said).toMatch(/Fix: (?:Encode|Give) photo/);
  });

  test('P05: of another kind has its parts in their order, each with its type', async () => {
    const seen = await send(
      {
        headers: { 'Content-Type': 'multipart/mixed; boundary=mine; charset=utf-8' },
        body: { meta: '${args.meta}', note: '${args.note}', photo: '${args.photo|file}' },
        parts: { photo: { contentType: 'image/png' } },
      },
      { meta: { k: 1 }, note: 'ä', photo: PNG.toString('base64') },
    );
    expect(seen?.contentType).toMatch(/^multipart\/mixed; charset=utf-8; boundary=quayside-[0-9a-f-]{36}$/);
    expect(seen?.fields).toEqual([
      ['meta', '{"k":1}'],
      ['note', 'ä'],
      ['photo', { filename: 'photo', type: 'image/png', bytes: PNG }],
    ]);
    const types = [...(seen?.body.toString('latin1') ?? '').matchAll(/^Content-Type: (.*)\r$/gm)];
    expect(types.map(([, type]) => type)).toEqual([
      'application/json',
      'text/plain; charset=utf-8',
      'image/png',
    ]);
  });

  test('of related parts names the type of the first, unless the author does', async () => {
    const related = async (type: string) => {
      const keys = { headers: { 'Content-Type': type }, body: { meta: '${args.meta}' } };
      return (await send(keys, { meta: { k: 1 } }))?.contentType.replace(/; boundary=.*/, '');
    };
    expect(await related('multipart/related')).toBe('multipart/related; type="application/json"');
    const own = 'multipart/related; type="text/xml"';
    expect(await related(own)).toBe(own);
  });

  test('refuses text that UTF-8 cannot carry', async () => {
    expect(await refusal({ body: { text: '${args.text}' } }, { text: 'a\uD800' })).toContain('surrogate');
  });

  test.each([
    ['a list as a body', { body: ['a'] }, 'not an object'],
    ['a part of no field', { body: { a: '1' }, parts: { b: {} } }, 'handler.parts.b names no field'],
    [
      'a file name of a text',
      { body: { a: '${args.a}' }, parts: { a: { filename: 'a.txt' } } },
      'handler.parts.a.filename',
    ],
    ['a file within a text', { body: { a: 'x ${args.a|file}' } }, '|file'],
    ['a form for URLs', { body: { a: '${args.a|ssv}' } }, '|ssv'],
    [
      'parts of another body',
      { headers: { 'Content-Type': 'application/json' }, body: { a: '1' }, parts: { a: {} } },
      'handler.parts has no meaning here',
    ],
    ['a file in JSON', { headers: {}, body: { a: '${args.a|file}' } }, '|file'],
    ['a file in a query', { headers: {}, query: { a: '${args.a|file}' } }, '|file'],
  ] as const)('the author is told of %s', (_, keys, message) => {
    expect(() => prepare(keys as Keys)).toThrow(HandlerError);
    expect(() => prepare(keys as Keys)).toThrow(message);
  });
});

test('P05: a text can be the whole body, in whatever type the author names', async () => {
  const xml = '<a b="1">&amp;</a>';
  const keys = { headers: { 'Content-Type': 'application/xml' }, body: '${args.xml}' };
  const seen = await send(keys, { xml });
  expect([seen?.contentType, seen?.body.toString()]).toEqual(['application/xml', xml]);
  // Within what the author has written it stays a text.
  const within = await send({ ...keys, body: '<r>${args.xml}</r>' }, { xml: '</r>' });
  expect(within?.body.toString()).toBe('<r>&lt;/r&gt;</r>');
});

test('P05: a file can be the whole body', async () => {
  const seen = await send(
    { headers: { 'Content-Type': 'image/png' }, body: '${args.photo|file}' },
    { photo: PNG.toString('base64') },
  );
  expect([seen?.contentType, seen?.body]).toEqual(['image/png', PNG]);
  const untyped = await send({ headers: {}, body: '${args.photo|file}' }, { photo: PNG.toString('base64') });
  expect([untyped?.contentType, untyped?.body]).toEqual(['application/octet-stream', PNG]);
});

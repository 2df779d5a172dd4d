// Spec servers §12 S4: seven mistakes are seven errors, each where it was made, in every format.
import { describe, expect, test } from 'vitest';
import { errorsOf, outcomeOf } from './load-fixture.ts';

const yaml = `name: shop
version: 2
port: 99999
tools:
  find_orders:
    descripton: Orders of one customer.
    input: { customer: strng }
    sql: SELECT id FROM orders WHERE customer = :customer
    database: shp
  call:
    description: Calls.
    input: { host: string }
    http: GET https://\${args.host}/a
databases:
  shop: { url: "sqlite:./shop.db" }
`;
const yamlErrors = [
  '2:10 type: Expected string, got number.',
  '3:7 value: The number is too large.',
  "6:5 unknown-key: The key 'descripton' is not known here. Did you mean 'description'?",
  "7:24 short-form: 'strng' is no type of an argument. Did you mean 'string'?",
  "9:15 reference: There is no database 'shp'. Did you mean 'shop'?",
  "10:3 reserved-name: 'call' is a permission verb and cannot name a tool.",
  '13:11 http-target: Scheme and host may not come from arguments.',
];

const json = `{
  "name": "shop",
  "version": "1.0.0",
  "tools": [
    {
      "name": "find orders",
      "description": "Orders.",
      "inputSchema": { "type": "object", "properties": { "id": { "type": "intger" } } },
      "handler": { "type": "http", "url": "https://example.com/a", "retries": 9 }
    },
    { "name": "other", "description": "Other.", "inputSchema": { "type": "object" } }
  ],
  "prompts": [{ "name": "ask", "template": "Hello {{nme}}", "arguments": [{ "name": "name" }] }],
  "security": { "ipWhitelist": ["10.0.0.0/99"], "permissons": {} }
}
`;
const jsonErrors = [
  '6:15 value: The text has the wrong form.',
  "8:74 json-schema: The keyword 'type' must be one of string, number, integer, boolean, object, array, null, or a list of them.",
  '9:79 value: The number is too large.',
  "11:5 missing-key: The key 'handler' is missing.",
  "13:44 prompt-placeholder: {{nme}} names no argument of the prompt. Did you mean 'name'?",
  '14:33 value: The text is no address or CIDR range.',
  "14:49 unknown-key: The key 'permissons' is not known here. Did you mean 'permissions'?",
];
const jsonc = `// Comments move nothing.\n${json.replace('"tools": [', '"tools": [ /* both broken */').replace('"permissons": {} }', '"permissons": {}, }')}`;

/** The same errors, one line further down. */
function lowered(errors: readonly string[]): string[] {
  return errors.map((error) => error.replace(/^\d+/, (line) => String(Number(line) + 1)));
}

describe.each([
  { format: 'yaml', text: yaml, errors: yamlErrors },
  { format: 'json', text: json, errors: jsonErrors },
  { format: 'jsonc', text: jsonc, errors: lowered(jsonErrors) },
])('P08: seven mistakes in $format', ({ format, text, errors }) => {
  const file = `test/definition/shop.${format}`;

  test('are seven errors at their places', () => {
    expect(errorsOf(outcomeOf(text, {}, file))).toEqual(errors);
  });

  test('keep their places with a byte order mark and with CRLF', () => {
    expect(errorsOf(outcomeOf(`\uFEFF${text}`, {}, file))).toEqual(errors);
    expect(errorsOf(outcomeOf(text.replaceAll('\n', '\r\n'), {}, file))).toEqual(errors);
  });
});

test('P08: a problem shows pointer, value, nearest name and fix, and one line says it all', async () => {
  const { formatProblem } = await import('../../src/definition/problem.ts');
  const [problem] = outcomeOf(yaml).errors.filter(({ rule }) => rule === 'reference');
  expect(problem).toMatchObject({ pointer: '/tools/find_orders/database', nearest: 'shop' });
  expect(problem === undefined ? '' : formatProblem(problem)).toBe(
    "test/definition/shop.yaml:9:15: error [reference] /tools/find_orders/database: There is no database 'shp'. Did you mean 'shop'? Declared: shop.",
  );
});

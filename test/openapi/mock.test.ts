// Public descriptions of different size and style: imported, served, and called against a mock made from the same
// description, which finds every request valid.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ImportReport } from '../../src/definition/openapi/import-report.ts';
import { buildExample } from '../../src/gate/arguments/example/build-example.ts';
import { NONE } from '../../src/gate/arguments/example/example-search.ts';
import { createSchemaEngine } from '../../src/gate/arguments/schema-engine.ts';
import type { JsonObject } from '../../src/tool.ts';
import { type Caller, createCaller } from '../support/calls.ts';
import { runCommand } from '../support/command.ts';
import { refusesRequest, startMockApi } from '../support/mock-api.ts';
import { startProduct } from '../support/product.ts';
import { createWorkspace } from '../support/workspace.ts';

const TIMEOUT_MS = 240_000;
const require = createRequire(import.meta.url);
const EVERYTHING = 'GET,HEAD,POST,PUT,PATCH,DELETE';

interface Case {
  readonly document: string;
  /** Operations of the description, and how many of them become tools. */
  readonly operations: number;
  readonly tools: number;
  /** Every how many tools one is called. */
  readonly step: number;
  /** Tools that are not called, because the mock itself breaks on valid requests for them. */
  readonly except?: RegExp;
}

const cases: readonly Case[] = [
  { document: '@readme/oas-examples/2.0/json/petstore.json', operations: 20, tools: 20, step: 1 },
  { document: '@readme/oas-examples/2.0/json/petstore-simple.json', operations: 3, tools: 3, step: 1 },
  { document: '@readme/oas-examples/3.0/json/petstore.json', operations: 20, tools: 20, step: 1 },
  { document: '@readme/oas-examples/3.0/json/uspto.json', operations: 3, tools: 3, step: 1 },
  { document: '@readme/oas-examples/3.0/json/star-trek.json', operations: 120, tools: 120, step: 5 },
  { document: '@readme/oas-examples/3.0/json/security.json', operations: 15, tools: 15, step: 1 },
  {
    document: '@readme/oas-examples/3.0/json/parameters-style.json',
    operations: 25,
    tools: 20,
    step: 1,
    // It reads lists and objects of headers that were not sent, and objects in delimited styles.
    except: /header|delimited/i,
  },
  { document: '@readme/oas-examples/3.1/json/train-travel.json', operations: 7, tools: 7, step: 1 },
  { document: '@octokit/openapi/generated/api.github.com.json', operations: 706, tools: 705, step: 24 },
];

interface DefinedTool {
  readonly inputSchema: JsonObject & { readonly properties: JsonObject };
}

describe.each(cases)('$document', ({ document, operations, tools, step, except }) => {
  test(
    'is imported with a full report, served, and called with valid requests',
    async () => {
      const path = require.resolve(document);
      const mock = await startMockApi(path);
      const workspace = createWorkspace({});
      const report = join(workspace.directory, 'report.json');
      const words = ['import', 'openapi', path, '--base-url', mock.url, '--method', EVERYTHING];
      const ran = runCommand([...words, '--out', workspace.definition, '--report', report]);
      expect(ran.code, ran.err).toBe(0);
      const told: ImportReport = JSON.parse(readFileSync(report, 'utf8'));
      const skipped = told.findings.filter(({ effect }) => effect === 'skipped');
      // Whatever is no tool is named in the report.
      expect(told.imported + new Set(skipped.map(({ operation }) => operation)).size).toBe(told.operations);
      expect([told.operations, told.imported]).toEqual([operations, tools]);
      const yaml = readFileSync(workspace.definition, 'utf8');
      const env = Object.fromEntries(
        told.credentials.map(({ name }) => [name.slice(2, -1), Buffer.from('user:word').toString('base64')]),
      );
      writeFileSync(workspace.definition, `${yaml}security: { rateLimit: { maxRequests: 100000 } }\n`);
      const product = await startProduct({ definition: { path: workspace.definition }, env });
      const caller = createCaller(product.url);
      const defined: Readonly<Record<string, DefinedTool>> = parse(yaml).tools;
      const refused: string[] = [];
      for (const [index, [name, tool]] of Object.entries(defined).entries()) {
        if (index % step === 0 && except?.test(name) !== true)
          refused.push(...(await callBothWays(caller, name, tool)));
      }
      caller.close();
      await product.stop();
      await mock.close();
      workspace.remove();
      expect(refused).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

/** Once with what is required, once with everything; what the mock or the gate refused. */
async function callBothWays(caller: Caller, name: string, { inputSchema }: DefinedTool): Promise<string[]> {
  const all = { ...inputSchema, required: Object.keys(inputSchema.properties) };
  const refused: string[] = [];
  for (const schema of [inputSchema, all]) {
    const args = exampleOf(schema);
    if (args === NONE) {
      if (schema === inputSchema) refused.push(`${name}: no example`);
      continue;
    }
    const { json } = await caller.call(name, args as Record<string, unknown>);
    const text = JSON.stringify(json);
    // An example may be an empty object, which no path can hold.
    if (text.includes('empty but part of a path')) continue;
    const isRefused =
      refusesRequest(text) ||
      text.includes('HANDLER_TIMEOUT_ERROR') ||
      text.includes('"type":"validation"') ||
      json.error !== undefined;
    if (isRefused) refused.push(`${name} ${JSON.stringify(args)}: ${text.slice(0, 900)}`);
  }
  return refused;
}

function exampleOf(schema: JsonObject): unknown {
  const engine = createSchemaEngine();
  return buildExample(schema, engine.compileExplaining(schema));
}

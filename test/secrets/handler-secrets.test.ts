// Stored secrets that code of authors reads: by name, where the definition allows it, and never into a log.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCaller } from '../support/calls.ts';
import { runCommand } from '../support/command.ts';
import { startProduct } from '../support/product.ts';
import { createWorkspace } from '../support/workspace.ts';

const KEY = 'handler-secrets-key-0001-4f9c2b7e';
const definition = `
name: secretive
version: 1.0.0
tools:
  read:
    description: R.
    input: {}
    sandbox: { secrets: [mail-token] }
    handler: "async (args, { secrets }) => { const value = await secrets.get('mail-token'); console.log('read ' + value); return value.length + value.slice(-5) }"
  pry:
    description: P.
    input: {}
    sandbox: { secrets: [other] }
    handler: "(args, { secrets }) => secrets.get('mail-token')"
  bare: { description: B., input: {}, handler: "(args, context) => typeof context.secrets" }
security:
  authentication: { apiKeys: [{ name: a, key: ${KEY} }] }
`;

test('P24: code reads the stored secrets that its tool names, follows a new value, and logs none', {
  timeout: 90_000,
}, async () => {
  const workspace = createWorkspace({ 'quayside.yaml': definition });
  const data = join(workspace.directory, 'data');
  const set = (value: string) => {
    writeFileSync(join(workspace.directory, 'value'), value);
    const words = [
      'secrets',
      'set',
      'mail-token',
      '--file',
      join(workspace.directory, 'value'),
      '--data',
      data,
    ];
    expect(runCommand(words, { NODE_ENV: '' }).code).toBe(0);
  };
  set('planted-mail-first');
  const product = await startProduct({
    definition: { path: workspace.definition },
    data,
    env: { NODE_ENV: '' },
  });
  const caller = createCaller(product.url, { key: KEY });
  const text = async (tool: string) => (await caller.call(tool)).json.result.content[0].text;
  try {
    expect(await text('read')).toBe('18first');
    expect(await text('pry')).toContain('HANDLER_PERMISSION_ERROR');
    expect(await text('bare')).toBe('undefined');
    set('planted-mail-second');
    await expect.poll(() => text('read'), { timeout: 20_000 }).toBe('19econd');
    await expect.poll(() => product.log()).toContain('read ');
    expect(await product.wholeLog()).not.toContain('planted-mail');
  } finally {
    caller.close();
    await product.stop();
    workspace.remove();
  }
});

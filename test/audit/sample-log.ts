// A real audit log in a folder of its own, and what a verification says about it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuditLog } from '../../src/gate/audit/audit-log.ts';
import type { AuditEntry } from '../../src/gate/audit/entry.ts';
import type { RunningAuditLog } from '../../src/gate/audit/running-log.ts';
import { type AuditSigner, createAuditSigner } from '../../src/gate/audit/signing.ts';

/** 32 bytes; it protects nothing. */
export const TEST_KEY = Buffer.alloc(32, 7).toString('base64');

export interface SampleLog {
  readonly directory: string;
  readonly table: string;
  readonly file: string;
  readonly signer: AuditSigner;
  open(options?: {
    readonly maxBytes?: number;
    readonly maxFiles?: number;
    readonly now?: () => number;
  }): Promise<RunningAuditLog>;
  remove(): void;
}

export function createSampleLog(): SampleLog {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-audit-'));
  const table = join(directory, 'audit.db');
  const file = join(directory, 'logs', 'audit.log');
  return {
    directory,
    table,
    file,
    signer: createAuditSigner(TEST_KEY),
    async open({ maxBytes = 10_485_760, maxFiles = 5, now } = {}) {
      const log = openAuditLog({
        table: { kind: 'sqlite', path: table },
        signingKey: TEST_KEY,
        file: { path: file, maxBytes, maxFiles },
        ...(now === undefined ? {} : { now }),
      });
      await log.ready;
      return log;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The record of a call; `index` makes it different from others. */
export function sampleEntry(index: number, tenantId = 'default'): AuditEntry {
  return {
    eventType: index % 7 === 0 ? 'tool.failed' : 'tool.executed',
    result: index % 7 === 0 ? 'failure' : 'success',
    tenantId,
    action: 'tools/call',
    resourceType: 'tool',
    resourceId: `tool_${index % 5}`,
    toolName: `tool_${index % 5}`,
    apiKeyName: 'ci',
    requestId: `request-${index}`,
    ipAddress: '192.0.2.1',
    durationMs: index / 8,
    permissions: ['tools:call'],
    changes: { before: { count: index }, after: { count: index + 1 } },
    arguments: { text: `Hällo ${index} wörld`, list: [1, { deep: null }] },
  };
}

// The code pack without the product around it, over a store and a clock of the test's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { QuaysideError } from '../../src/errors.ts';
import type { AuditEvent, AuditLog } from '../../src/gate/audit/audit.ts';
import { type CodePackOptions, createCodePack, type ServedCode } from '../../src/packs/code/code-pack.ts';
import type { Store } from '../../src/store/store.ts';
import type { CodeMeter } from '../../src/telemetry/metrics/code-meter.ts';
import type { Call } from '../../src/tool.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { type Tree, writeTree } from './code-server.ts';

export interface ServedPack {
  /** Holds `tree`, which is served, and `state`. */
  readonly work: string;
  readonly root: string;
  readonly state: string;
  readonly served: ServedCode;
  /** What the audit log was told: type, action, tenant, id, who. */
  readonly events: readonly string[];
  /** The structured content, refused or not. */
  call(name: string, args?: Readonly<Record<string, unknown>>, tenant?: string): Promise<PackAnswer>;
  close(): Promise<void>;
}

/** Whatever tests look at: they read answers of a dozen tools, and fail where something is not there. */
export type PackAnswer = ReturnType<typeof JSON.parse>;

export async function servePack(
  tree: Tree,
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly work?: string;
    readonly meter?: CodeMeter;
    /** False: the audit log keeps nothing. */
    readonly canRecord?: () => boolean;
  },
  { folders = ['.'], ...options }: Partial<CodePackOptions> & { readonly folders?: readonly string[] } = {},
): Promise<ServedPack> {
  const work = deps.work ?? mkdtempSync(join(tmpdir(), 'quayside-pack-'));
  const [root, state] = [join(work, 'tree'), join(work, 'state')];
  writeTree(root, tree);
  const unreached = () => Promise.reject(new Error('nothing is reached'));
  const egress = { judge: unreached, stream: unreached };
  const log = createKeptLog().log;
  const events: string[] = [];
  const record = ({ eventType, action, result, tenantId, resourceId, userId }: AuditEvent) => {
    const ending = result === 'success' ? '' : ` ${result}`;
    events.push([eventType, action, tenantId, resourceId, `by ${userId}${ending}`].join(' '));
  };
  const audit: AuditLog = {
    record,
    async commit(event) {
      if (deps.canRecord?.() === false) throw new QuaysideError('audit_unavailable');
      record(event);
      return { id: 'one' };
    },
  };
  const pack = await createCodePack({
    ...deps,
    audit,
    stateDirectory: state,
    log,
    egress,
    environment: process.env,
    models: { observe: () => undefined, redactText: (text) => text },
  });
  const served = pack.serve(
    {
      paths: folders.map((folder) => join(root, folder)),
      exclude: [],
      hidden: false,
      maxFileSize: 1 << 20,
      autoIndex: true,
      watch: false,
      serveStale: false,
      ...options,
    },
    work,
  );
  return {
    work,
    root,
    state,
    served,
    events,
    async call(name, args = {}, tenant = 'default') {
      const tool = served.tools.find(({ spec, aliases }) => spec.name === name || aliases.includes(name));
      if (tool === undefined) throw new Error(`There is no tool ${name}.`);
      return (await tool.run(callOf(args, tenant))).structuredContent;
    },
    async close() {
      await served.close();
      await pack.close();
      if (deps.work === undefined) rmSync(work, { recursive: true, force: true });
    },
  };
}

function callOf(args: Readonly<Record<string, unknown>>, tenantId: string): Call {
  return {
    args,
    requestId: 'test',
    signal: new AbortController().signal,
    principal: { type: 'key', id: 'test', name: 'test', tenantId, roles: [], permissions: ['*'] },
    client: {
      protocolVersion: '2026-07-28',
      log: () => undefined,
      requestInput: () => Promise.reject(new Error('nobody asks')),
      supports: () => false,
      closeStream: () => undefined,
      notify: () => undefined,
    },
  };
}

// The official conformance suite through the product as a proxy of servers that are not ours. Whatever a server passes
// when it is asked directly passes through as well, but for what is listed with its reason; and a scenario that is listed
// and passes fails here too.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { Product } from '../support/product.ts';
import {
  EVERYTHING,
  type RunningServer,
  startEverything,
  startFederated,
  startServer,
} from '../upstreams/federated-product.ts';
import { RUN_TIMEOUT_MS, type Run, runServerSuite } from './suite.ts';

const SDK_SERVER = fileURLToPath(new URL('./sdk/server.ts', import.meta.url));
const REVISIONS = { '2025-11-25': 30, '2026-07-28': 37 } as const;
type Revision = keyof typeof REVISIONS;

/** Scenarios by the reason why they fail. */
type Failures = Readonly<Record<string, readonly string[]>>;

interface Upstream {
  readonly name: string;
  start(): Promise<{ readonly server: RunningServer; readonly url: string }>;
  /** How else the product can reach it. */
  readonly stdio: { readonly command: string; readonly args: readonly string[] };
  /** What it fails when it is asked directly. */
  readonly direct: Readonly<Record<Revision, Failures>>;
  /** What fails through the product, by the way to the upstream. */
  readonly through: Readonly<Record<'http' | 'stdio', Readonly<Record<Revision, Failures>>>>;
}

/** What the suite asks of tools, prompts and resources that the reference server does not have, in either era. */
const WITHOUT_FIXTURES = [
  'completion-complete',
  'prompts-get-embedded-resource',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-with-image',
  'resources-read-binary',
  'resources-read-text',
  'resources-templates-read',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-image',
  'tools-call-mixed-content',
  'tools-call-with-progress',
];
/** The same, of questions to a legacy client. */
const WITHOUT_QUESTIONS = [
  'elicitation-sep1034-defaults',
  'elicitation-sep1330-enums',
  'tools-call-elicitation',
  'tools-call-sampling',
  'tools-call-with-logging',
];
/** The same, of rounds of input with a modern client, and of its diagnostics. */
const WITHOUT_ROUNDS = [
  'input-required-result-basic-elicitation',
  'input-required-result-basic-list-roots',
  'input-required-result-basic-sampling',
  'input-required-result-capability-check',
  'input-required-result-multi-round',
  'input-required-result-multiple-input-requests',
  'input-required-result-non-tool-request',
  'input-required-result-request-state',
  'input-required-result-result-type',
  'input-required-result-tampered-state',
  'server-stateless',
];
/** What the reference server passes by admitting what does not exist, which the specification forbids, and we do. */
const REFUSED_BY_US: Readonly<Record<Revision, Failures>> = {
  '2025-11-25': {
    'it answers a tool that it does not have by a result with a text and `isError`, we by -32602': [
      'tools-call-simple-text',
      'tools-call-error',
    ],
    'it takes subscriptions to resources that it does not have': [
      'resources-subscribe',
      'resources-unsubscribe',
    ],
  },
  '2026-07-28': { 'it has no such tool': ['tools-call-simple-text', 'tools-call-error'] },
};
const EVERYTHING_THROUGH: Readonly<Record<Revision, Failures>> = {
  '2025-11-25': {
    'it has not what the suite asks for': [...WITHOUT_FIXTURES, ...WITHOUT_QUESTIONS],
    ...REFUSED_BY_US['2025-11-25'],
  },
  '2026-07-28': {
    'it has not what the suite asks for': [...WITHOUT_FIXTURES, ...WITHOUT_ROUNDS],
    ...REFUSED_BY_US['2026-07-28'],
  },
};
/**
 * The suite wants the upstream's own key of the question. Ours is made of the question's text, so that no other question
 * of a call that begins anew gets its answer.
 */
const SDK_THROUGH: Readonly<Record<Revision, Failures>> = {
  '2025-11-25': {},
  '2026-07-28': { 'keys of questions are our own': ['input-required-result-basic-elicitation'] },
};

const upstreams: readonly Upstream[] = [
  {
    name: '@modelcontextprotocol/server-everything',
    async start() {
      const server = await startEverything('streamableHttp', await freePort());
      return { server, url: `http://127.0.0.1:${server.port}/mcp` };
    },
    stdio: { command: process.execPath, args: [EVERYTHING, 'stdio'] },
    direct: {
      '2025-11-25': {
        'it has not what the suite asks for': [...WITHOUT_FIXTURES, ...WITHOUT_QUESTIONS],
        'it looks at neither Host nor Origin': ['dns-rebinding-protection'],
      },
      '2026-07-28': {
        'it does not speak this revision': [
          ...WITHOUT_FIXTURES,
          ...WITHOUT_ROUNDS,
          'caching',
          'input-required-result-ignore-extra-params',
          'input-required-result-missing-input-response',
          'input-required-result-unsupported-methods',
          'prompts-list',
          'resources-list',
          'sep-2164-resource-not-found',
          'server-sse-multiple-streams',
          'tools-call-error',
          'tools-call-simple-text',
          'tools-list',
        ],
        'it looks at neither Host nor Origin': ['dns-rebinding-protection'],
      },
    },
    through: { http: EVERYTHING_THROUGH, stdio: EVERYTHING_THROUGH },
  },
  {
    name: 'the server of the official SDK',
    async start() {
      const server = await startServer([SDK_SERVER, 'http'], {}, /^(\d+)$/);
      return { server, url: `http://127.0.0.1:${server.port}/mcp` };
    },
    stdio: { command: process.execPath, args: [SDK_SERVER, 'stdio'] },
    direct: { '2025-11-25': {}, '2026-07-28': {} },
    through: { http: SDK_THROUGH, stdio: SDK_THROUGH },
  },
];

describe.each(upstreams)('$name', ({ start, stdio, direct, through }) => {
  let server: RunningServer;
  let url: string;

  beforeAll(async () => {
    ({ server, url } = await start());
  });

  afterAll(() => server?.stop());

  test.each(Object.keys(REVISIONS) as Revision[])(
    'asked directly by %s fails what it lacks, and nothing else',
    async (revision) => {
      const run = await runServerSuite(url, ['--requirements', revision]);
      expectFailures(run, direct[revision], revision);
    },
    RUN_TIMEOUT_MS,
  );

  describe.each(['http', 'stdio'] as const)('over %s', (way) => {
    let product: Product;

    beforeAll(async () => {
      const place = way === 'http' ? { url } : stdio;
      product = await startFederated({ upstreams: { foreign: { ...place, roots: true } } });
    });

    afterAll(() => product?.stop());

    test.each(Object.keys(REVISIONS) as Revision[])(
      'P10 P03: what passes directly by %s passes through, but for what cannot',
      async (revision) => {
        const run = await runServerSuite(product.url, ['--requirements', revision]);
        expectFailures(run, through[way][revision], revision);
      },
      RUN_TIMEOUT_MS,
    );
  });
});

function expectFailures({ failed, passed, output }: Run, listed: Failures, revision: Revision): void {
  expect([...failed].sort(), output).toEqual(Object.values(listed).flat().sort());
  expect(passed.length + failed.length).toBe(REVISIONS[revision]);
}

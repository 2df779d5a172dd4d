import { expect, test } from 'vitest';
import {
  ANONYMOUS,
  type HandMadeServer,
  handMadeServer,
  keyPrincipal,
  text,
} from '../../test/support/hand-made-plan.ts';
import { ROLLOUT } from '../../test/support/rollout.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { Principal } from '../tool.ts';
import { NewsFilter } from './news-filter.ts';

const SEEING = keyPrincipal('seeing');
const BLIND = keyPrincipal('blind');

/** A server on which `BLIND` sees nothing. */
function serverOf(version: string, options: HandMadeServer): ServerPlan {
  const server = handMadeServer({ version, ...options });
  const nothing = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
  return {
    ...server,
    visibleTo: (principal) => (principal === BLIND ? nothing : server.visibleTo(principal)),
  };
}

const tool = { run: () => text('') };
const resource = { spec: { uri: 'doc://a', name: 'a' }, read: async () => [] };

function filterFor(principal: Principal, first: ServerPlan) {
  let current: ServerPlan | undefined = first;
  const filter = new NewsFilter({ serverOf: () => current }, 'test', principal);
  return {
    filter,
    swap(next: ServerPlan | undefined) {
      current = next;
    },
  };
}

test('P15: a reload is told to those whose own list it changed', () => {
  const first = serverOf('1', { tools: { a: tool } });
  const second = serverOf('2', { tools: { a: tool, b: tool } });
  for (const [principal, isTold] of [
    [SEEING, true],
    [BLIND, false],
  ] as const) {
    const { filter, swap } = filterFor(principal, first);
    swap(second);
    expect(filter.admits({ kind: 'tools' })).toBe(isTold);
    // The same reload left the prompts as they were.
    expect(filter.admits({ kind: 'prompts' })).toBe(false);
  }
});

test('P15: what a handler says of a list is told to those who see some of it, and of a resource to its readers', () => {
  const server = serverOf('1', { tools: { a: tool }, resources: [resource] });
  for (const [principal, isTold] of [
    [SEEING, true],
    [BLIND, false],
  ] as const) {
    const { filter } = filterFor(principal, server);
    expect(filter.admits({ kind: 'tools' })).toBe(isTold);
    expect(filter.admits({ kind: 'resources' })).toBe(isTold);
    expect(filter.admits({ kind: 'resource', uri: 'doc://a' })).toBe(isTold);
  }
});

test('a resource that a reload took away is not told of any more, nor anything of a server that is gone', () => {
  const { filter, swap } = filterFor(ANONYMOUS, serverOf('1', { resources: [resource] }));
  swap(serverOf('2', {}));
  expect(filter.admits({ kind: 'resource', uri: 'doc://a' })).toBe(false);
  swap(undefined);
  expect(filter.admits({ kind: 'tools' })).toBe(false);
});

test('P15 P27: during a rollout, news of what only the canary has reaches those who may see it there', () => {
  const between = (canary: HandMadeServer, version: string): ServerPlan => ({
    ...serverOf('1', { tools: { a: tool } }),
    versions: {
      rollout: ROLLOUT,
      canary: serverOf(version, canary),
      problem: undefined,
      choose: () => serverOf('1', {}),
    },
  });
  const first = between({ tools: { a: tool }, resources: [resource] }, '2');
  for (const [principal, isTold] of [
    [SEEING, true],
    [BLIND, false],
  ] as const) {
    const { filter, swap } = filterFor(principal, first);
    expect(filter.admits({ kind: 'resource', uri: 'doc://a' })).toBe(isTold);
    swap(between({ tools: { a: tool, b: tool }, resources: [resource] }, '3'));
    expect(filter.admits({ kind: 'tools' })).toBe(isTold);
    expect(filter.admits({ kind: 'prompts' })).toBe(false);
  }
});

// The text of the guest program: the functions of this folder as their own source, which Node leaves in place when it
// strips the types. A function that is missing here is a ReferenceError of the first isolate.
import { CONTEXT_CONSTANTS, CONTEXT_PARTS } from '../../workers/context-members.ts';
import { ASKS_PARTS } from './asks.ts';
import { GUEST_CONTEXT_PARTS } from './context.ts';
import { FETCH_PARTS } from './fetch.ts';
import { GLOBAL_CONSTANTS, GLOBAL_PARTS } from './globals.ts';
import { createGuest } from './guest.ts';
import { SETTLEMENT_CONSTANTS, SETTLEMENT_PARTS } from './settlement.ts';
import { SIGNAL_PARTS } from './signal.ts';

const FUNCTIONS: readonly { toString(): string }[] = [
  ...CONTEXT_PARTS,
  ...ASKS_PARTS,
  ...GUEST_CONTEXT_PARTS,
  ...FETCH_PARTS,
  ...GLOBAL_PARTS,
  ...SETTLEMENT_PARTS,
  ...SIGNAL_PARTS,
  createGuest,
];

const CONSTANTS = Object.entries({ ...CONTEXT_CONSTANTS, ...GLOBAL_CONSTANTS, ...SETTLEMENT_CONSTANTS }).map(
  ([name, value]) => `const ${name} = ${JSON.stringify(value)};`,
);

/** A program whose value is `createGuest`. */
export const GUEST_SOURCE = `(() => { 'use strict';
${[...CONSTANTS, ...FUNCTIONS.map(String)].join('\n')}
return createGuest;
})()`;

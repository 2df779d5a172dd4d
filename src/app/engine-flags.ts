// Flags of the JavaScript engine that must be set before anything else is compiled.
import { setFlagsFromString } from 'node:v8';

/** Sets them; called again it changes nothing. */
export function setEngineFlags(): void {
  // Patterns come from definitions: with this flag V8 changes to its linear-time engine when one backtracks too much.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  // With loop unrolling V8 drops the interrupt checks of small loops, and a worker in one of them cannot be ended.
  setFlagsFromString('--no-turboshaft-loop-unrolling');
}

// Decides whether a compiled SQLite statement may run on the main thread, where nothing can interrupt it.
//
// The proof. EXPLAIN lists the program that the statement was compiled to. Take its control-flow graph and remove
// every ResultRow instruction. If what remains has no cycle, then between two answered rows each instruction runs at
// most once: a trip around any loop yields a row. The caller stops after a fixed number of rows, so the whole run is
// at most (rows + 1) x (instructions) steps, whatever the tables hold and whatever the arguments are. That admits
// `WHERE customer = :customer ORDER BY placed_at DESC LIMIT :limit` over an index (customer, placed_at), even without
// its LIMIT, and rejects a filter beside the index, a sort, an aggregate, OFFSET, a recursion and an inner join that
// may drop rows: there a loop can turn without yielding.
// Each single step is bounded too: only instructions on the lists below count, whose cost is one descent of a B-tree or the
// length of one value, which the connection limits; functions only from CHEAP_FUNCTIONS.
//
// The listing is no stable interface, so anything unknown means "not proven" and the statement runs in a child process.
// The plan cannot change behind the proof: see GuardedConnection.compile.

import { CHEAP_FUNCTIONS } from './functions.ts';
import { type GuardedConnection, isStale } from './guarded-connection.ts';

/** Instructions of a proven program: real look-ups with twenty columns and two joins have fewer than 120. */
const MAX_INSTRUCTIONS = 400;

const STRAIGHT =
  'Add Affinity BitAnd BitNot BitOr Blob Cast CollSeq Column ColumnsUsed Compare Concat Copy CursorHint DeferredSeek ' +
  'Divide Explain FinishSeek IdxRowid Int64 IntCopy Integer IsTrue Move Multiply Noop Not Null NullRow Or And ' +
  'OffsetLimit OpenRead Real RealAffinity Remainder ReopenIdx ResultRow Rowid SCopy SeekHit ShiftLeft ShiftRight ' +
  'SoftNull String String8 Subtract TableLock Transaction Variable ZeroOrNull';
const JUMPING =
  'DecrJumpZero Eq Found Ge Goto Gt IdxGE IdxGT IdxLE IdxLT If IfNot IfNotOpen IfNullRow IfPos IfNotZero Init IsNull IsType Last ' +
  'Le Lt MustBeInt Ne Next NoConflict NotExists NotFound NotNull Once Prev Rewind SeekGE SeekGT SeekLE SeekLT SeekRowid';
const ALWAYS_JUMPING = new Set(['Goto', 'Init']);
const STRAIGHT_OPCODES = new Set(STRAIGHT.split(' '));
const JUMPING_OPCODES = new Set(JUMPING.split(' '));
/** A subquery compiled in line; both fall through as long as nothing calls it as a subroutine (Gosub is unknown here). */
const INLINE_OPCODES = new Set(['BeginSubrtn', 'Return']);
const FUNCTION_OPCODES = new Set(['Function', 'PureFunc']);

interface Instruction {
  readonly opcode: string;
  readonly jump: number;
  readonly detail: string;
}

/** `unbounded`: why a statement is not proven bounded, for the log. `maxRows`: the rows it can yield, where it has no loop. */
export type BoundProof =
  | { readonly unbounded: string }
  | { readonly unbounded?: never; readonly maxRows: number | undefined };

/** Examines the program of a statement that compiles. */
export function proveBounded(connection: GuardedConnection, text: string): BoundProof {
  let program: Instruction[];
  try {
    program = explain(connection, text);
  } catch (error) {
    // Compiled a moment ago, so it is not the statement: `LIKE :pattern` makes a plan for each pattern.
    if (isStale(error)) return { unbounded: 'the planner looks at a bound value' };
    throw error;
  }
  if (program.length > MAX_INSTRUCTIONS) {
    return { unbounded: `the program has ${program.length} instructions` };
  }
  for (const instruction of program) {
    const reason = checkInstruction(instruction);
    if (reason !== undefined) return { unbounded: reason };
  }
  if (hasCycle(program, isYield)) return { unbounded: 'a loop can turn without yielding a row' };
  return { maxRows: hasCycle(program, () => false) ? undefined : program.filter(isYield).length };
}

function explain(connection: GuardedConnection, text: string): Instruction[] {
  // Columns of EXPLAIN: addr, opcode, p1, p2, p3, p4, p5, comment. Unknown shapes become unknown opcodes.
  const rows: readonly unknown[] = connection.compile(`EXPLAIN ${text}`).all();
  return rows.map((row) => {
    const [, opcode, , jump, , detail] = Array.isArray(row) ? row : [];
    return { opcode: String(opcode), jump: Number(jump), detail: String(detail) };
  });
}

function checkInstruction({ opcode, detail }: Instruction): string | undefined {
  if (opcode === 'Halt' || STRAIGHT_OPCODES.has(opcode) || JUMPING_OPCODES.has(opcode)) return undefined;
  if (INLINE_OPCODES.has(opcode)) return undefined;
  if (!FUNCTION_OPCODES.has(opcode)) return `instruction ${opcode}`;
  const name = /^([^(]+)\(/.exec(detail)?.[1] ?? detail;
  return CHEAP_FUNCTIONS.has(name) ? undefined : `function ${name}`;
}

function successors(program: readonly Instruction[], address: number): number[] {
  const instruction = program[address];
  if (instruction === undefined || instruction.opcode === 'Halt') return [];
  if (ALWAYS_JUMPING.has(instruction.opcode)) return [instruction.jump];
  if (!JUMPING_OPCODES.has(instruction.opcode)) return [address + 1];
  // MustBeInt with target 0 raises an error instead of jumping.
  if (instruction.opcode === 'MustBeInt' && instruction.jump === 0) return [address + 1];
  return [address + 1, instruction.jump];
}

function isYield({ opcode }: Instruction): boolean {
  return opcode === 'ResultRow';
}

/** Depth-first search for a cycle in what remains without the instructions that `isRemoved` names. */
function hasCycle(
  program: readonly Instruction[],
  isRemoved: (instruction: Instruction) => boolean,
): boolean {
  const state = new Uint8Array(program.length);
  const OPEN = 1;
  const DONE = 2;
  return program.some((_, address) => visit(address));

  function visit(address: number): boolean {
    const instruction = program[address];
    if (instruction === undefined || isRemoved(instruction)) return false;
    if (state[address] === OPEN) return true;
    if (state[address] === DONE) return false;
    state[address] = OPEN;
    const found = successors(program, address).some(visit);
    state[address] = DONE;
    return found;
  }
}

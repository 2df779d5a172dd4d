// Tasks and scores of sverklo-bench, taken from a checkout of it: its own code makes and scores them.
import { join } from 'node:path';

/** P1: where a symbol is defined. P2: where it is used. P4: imports and importers of a file. P5: dead code. */
export type Category = 'P1' | 'P2' | 'P4' | 'P5';

/** An answer in the form in which the harness compares it. */
export type Prediction =
  | { readonly kind: 'locations'; readonly locations: readonly { file: string; line: number }[] }
  | { readonly kind: 'deps'; readonly imports: readonly string[]; readonly importers: readonly string[] };

/** One task. */
export interface Task {
  readonly id: string;
  readonly category: Category;
  /** A symbol, or a path. */
  readonly query: string;
  readonly expected: unknown;
}

/** Tasks about one repository. */
export interface Dataset {
  readonly name: string;
  readonly root: string;
  readonly tasks: readonly Task[];
}

/** What the harness scores an answer with; from 0 to 1 each. */
export interface Score {
  readonly f1: number;
  readonly recall: number;
  readonly precision: number;
}

/** The five published data sets, and how answers are scored. */
export interface Harness {
  readonly datasets: readonly Dataset[];
  score(task: Task, prediction: Prediction, text: string): Score;
}

/** Of the data sets the harness makes anew from the checked out source; the first one is about itself. */
const GENERATED = ['express', 'lodash', 'requests', 'flask'] as const;

/** `checkout` is of sverklo/sverklo, `repositories` holds a folder of each of the others at the commit of its manifest. */
export async function loadHarness(checkout: string, repositories: string): Promise<Harness> {
  const source = join(checkout, 'benchmark', 'src');
  const seed = join(source, 'ground-truth', 'seed');
  const { loadJsonl } = await parseModule<{ loadJsonl(path: string): readonly Task[] }>(
    join(source, 'ground-truth', 'schema.ts'),
  );
  const { score } = await parseModule<{
    score(task: Task, prediction: Prediction, output: object): Score;
  }>(join(source, 'runner', 'score.ts'));
  const datasets: Dataset[] = [
    { name: 'sverklo', root: join(repositories, 'sverklo'), tasks: loadJsonl(join(seed, 'sverklo.jsonl')) },
  ];
  for (const name of GENERATED) {
    const root = join(repositories, name);
    const generator = `generate${name.slice(0, 1).toUpperCase()}${name.slice(1)}Tasks`;
    const module = await parseModule<Readonly<Record<string, (root: string) => readonly Task[]>>>(
      join(seed, `${name}.gen.ts`),
    );
    datasets.push({ name, root, tasks: module[generator]?.(root) ?? [] });
  }
  const output = { toolCalls: 1, wallTimeMs: 0, coldStartMs: 0, warmCallMs: 0 };
  return {
    datasets,
    score: (task, prediction, text) => score(task, prediction, { ...output, prediction, rawPayload: text }),
  };
}

/** The harness is another project's, with types of its own: what is used of it is stated here. */
async function parseModule<Module>(path: string): Promise<Module> {
  return (await import(path)) as Module;
}

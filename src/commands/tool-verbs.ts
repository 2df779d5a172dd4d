// The words of the verbs over definitions and their tools: plan, call, test and lint.
import type { Command } from 'commander';
import type { CallFlags } from './call.ts';
import type { ExamplesFlags } from './examples.ts';
import type { Finish, Io } from './io.ts';
import type { LintFlags } from './lint.ts';
import type { PlanFlags } from './plan.ts';

const ON = 'definition file or folder, or the URL of a running server (QUAYSIDE_API_KEY)';
const SERVER = 'which server of several (default: the default server)';
const DATA = 'folder for state (QUAYSIDE_DATA_DIR; default: one of its own, removed afterwards)';

export function addToolVerbs(program: Command, io: Io, finish: Finish): void {
  addPlan(program, io, finish);
  addCall(program, io, finish);
  addTest(program, io, finish);
  addLint(program, io, finish);
}

function addPlan(program: Command, io: Io, finish: Finish): void {
  program
    .command('plan')
    .description('what changes for clients from one definition to another, and what the tool list costs')
    .argument('<old>', ON)
    .argument('[new]', 'the same (default as for serve)')
    .option('--server <slug>', 'only this server (default: all)')
    .option('--fail-on-breaking', 'exit with 1 when a change breaks clients')
    .option('--json', 'print JSON')
    .action(async (before: string, after: string | undefined, flags: Omit<PlanFlags, 'before' | 'after'>) => {
      const { plan } = await import('./plan.ts');
      finish(await plan({ before, ...(after === undefined ? {} : { after }), ...flags }, io));
    });
}

function addCall(program: Command, io: Io, finish: Finish): void {
  program
    .command('call')
    .description('call one tool through the whole gate')
    .argument('<tool>', 'name of the tool')
    .argument('[arguments]', 'JSON object (default: no arguments)')
    .option('--on <place>', ON)
    .option('--server <slug>', SERVER)
    .option('--data <folder>', DATA)
    .option('--json', 'print the whole answer as JSON')
    .action(async (tool: string, args: string | undefined, flags: Omit<CallFlags, 'tool' | 'args'>) => {
      const { call } = await import('./call.ts');
      finish(await call({ tool, ...(args === undefined ? {} : { args }), ...flags }, io));
    });
}

function addTest(program: Command, io: Io, finish: Finish): void {
  program
    .command('test')
    .description('run the examples of the tools and compare the results')
    .argument('[path]', 'definition file or folder (default as for serve)')
    .option('--on <url>', 'run them on a running server instead (QUAYSIDE_API_KEY)')
    .option('--tool <name>', 'only the examples of this tool')
    .option('--server <slug>', SERVER)
    .option('--data <folder>', DATA)
    .option('--json', 'print JSON')
    .action(async (path: string | undefined, flags: Omit<ExamplesFlags, 'path'>) => {
      const { runExamples } = await import('./examples.ts');
      finish(await runExamples({ ...(path === undefined ? {} : { path }), ...flags }, io));
    });
}

function addLint(program: Command, io: Io, finish: Finish): void {
  program
    .command('lint')
    .description('judge names, descriptions and schemas of tools as a model and its client read them')
    .argument('[place]', `${ON}; default as for serve`)
    .option('--server <slug>', 'only this server (default: all)')
    .option('--strict', 'exit with 1 for warnings too')
    .option('--json', 'print JSON')
    .action(async (place: string | undefined, flags: Omit<LintFlags, 'place'>) => {
      const { lint } = await import('./lint.ts');
      finish(await lint({ ...(place === undefined ? {} : { place }), ...flags }, io));
    });
}

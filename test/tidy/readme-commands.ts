// Which test runs each command that the documents print.

const readme = 'test/e2e/readme.test.ts > the commands of the README';
const launcher = 'test/launcher/launcher.test.ts';

/** A printed command with the test that runs it (`file > describe > test`), or the reason why none can. */
export interface DocumentedCommand {
  /** As printed; `*` stands for any text. */
  readonly command: string;
  readonly test?: string;
  readonly untested?: string;
}

/** Every command of a fenced `sh` block in README.md and CONTRIBUTING.md. */
export const documentedCommands: readonly DocumentedCommand[] = [
  {
    command: 'npm start',
    test: `${launcher} > start serves in the same process, in the project, with the compile cache`,
  },
  { command: 'npm test', untested: 'it is the run in which this list is read' },
  { command: 'export KEY=qs_...', untested: 'stands for the key that the server printed' },
  { command: 'curl * tools/list*', test: `${readme} > list the tools` },
  { command: 'curl * tools/call*', test: `${readme} > call a tool` },
  { command: 'bin/quayside validate quayside.yaml', test: `${readme} > check the definition` },
  { command: 'bin/quayside keys create laptop', test: `${readme} > make another key` },
  { command: 'bin/quayside stdio quayside.yaml', test: `${readme} > serve over standard input and output` },
  {
    command: 'npm run setup',
    test: `${launcher} > a start after a test installs nothing and removes nothing`,
  },
  {
    command: 'npm run generate',
    test: 'test/tidy/generated.test.ts > $path is what `npm run generate` writes',
  },
  {
    command: 'npm run bench -- --only echo-governed',
    untested: 'takes minutes and installs other servers; bench/load/load.test.ts tries what it is made of',
  },
];

/** The tests that the documented commands name. */
export const citedByCommands: readonly string[] = documentedCommands.flatMap(({ test }) =>
  test === undefined ? [] : [test],
);

/** Whether `entry` is about the printed command `line`. */
export function isAbout(entry: DocumentedCommand, line: string): boolean {
  const literals = entry.command.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`).test(line);
}

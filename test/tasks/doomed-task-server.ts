// A server with tasks as a process of its own, which hangs in every tool that waits and ends only by being killed.
import { openStore } from '../../src/store/open-store.ts';
import { text } from '../support/hand-made-plan.ts';
import { startTaskServer } from './task-server.ts';

const store = await openStore(JSON.parse(process.argv[2] ?? ''));
const hang = () => new Promise<never>(() => undefined);
const { url } = await startTaskServer({
  store,
  leaseMs: 600,
  tools: {
    once: { support: 'optional', run: hang },
    repeatable: { support: 'optional', repeatable: true, run: hang },
    done: {
      support: 'required',
      run: () => new Promise((resolve) => setTimeout(() => resolve(text('kept')), 1500)),
    },
  },
});
process.stdout.write(`READY ${url}\n`);

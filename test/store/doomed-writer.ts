// A process of its own whose callers write as fast as they can and print each row that was acknowledged.
import { openStore } from '../../src/store/open-store.ts';
import { addRow } from './rows.ts';

const [address = '', prefix = ''] = process.argv.slice(2);
const store = await openStore(JSON.parse(address));
let last = 0;
for (let caller = 0; caller < 16; caller += 1) void write();

async function write(): Promise<void> {
  for (;;) {
    const id = `${prefix}${last++}`;
    await store.write('system', [addRow(`${id}a`), addRow(`${id}b`)]);
    process.stdout.write(`${id}\n`);
  }
}

// A process of its own that works on jobs until it kills itself at the point of its second argument.

import { systemClock } from '../../src/clock.ts';
import { createJobs } from '../../src/jobs/jobs.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { pageKind } from './page-kind.ts';

const [address = '', doom = ''] = process.argv.slice(2);
const die = () => process.kill(process.pid, 'SIGKILL');
const store = await openStore(JSON.parse(address));
const jobs = createJobs({ store, clock: systemClock, log: createKeptLog().log });
jobs.register(
  pageKind((point) => {
    if (point === doom) die();
  }),
);
const id = await jobs.queue.add('default', { kind: 'pages', payload: {} });
process.stdout.write(id);
jobs.start();
setInterval(async () => {
  if (doom === 'after-end' && (await jobs.queue.get('default', id))?.status === 'succeeded') die();
}, 10);

// A long run of the federation soak: `node bench/upstreams/soak.ts [calls] [per second]`, 100,000 by default, as fast as
// they are answered unless a rate is given. Prints the report as JSON and fails on a wrong result or a leak.
import { runSoak } from '../../test/upstreams/soak-run.ts';

const [calls = '100000', perSecond] = process.argv.slice(2);
const report = await runSoak(Number(calls), {
  perSecond: perSecond === undefined ? undefined : Number(perSecond),
});
const ratio = report.p99FaultyMs / report.p99QuietMs;
process.stdout.write(`${JSON.stringify({ ...report, p99Ratio: ratio }, null, 2)}\n`);
if (report.wrong > 0 || report.leaked.length > 0 || report.processesMax > 10) process.exitCode = 1;

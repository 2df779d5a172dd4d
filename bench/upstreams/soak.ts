// A long run of the federation soak: `node bench/upstreams/soak.ts [calls]`, 100,000 by default. Prints the report as
// JSON and fails on a wrong result or a leak.
import { runSoak } from '../../test/upstreams/soak-run.ts';

const report = await runSoak(Number(process.argv[2] ?? 100_000));
const ratio = report.p99FaultyMs / report.p99QuietMs;
process.stdout.write(`${JSON.stringify({ ...report, p99Ratio: ratio }, null, 2)}\n`);
if (report.wrong > 0 || report.leaked.length > 0 || report.processesMax > 10) process.exitCode = 1;

// Times the redactor alone: `node bench/micro/redaction.ts [milliseconds per row]`. Every row is one call of a method
// that logs, errors or traces make; `patterns` is what the same text would cost without the look for beginnings.
import { createRedactor } from '../../src/telemetry/redact.ts';
import { SECRET_PATTERNS } from '../../src/telemetry/redaction/secret-patterns.ts';

const milliseconds = Number(process.argv[2] ?? 300);

const redactor = createRedactor();
redactor.addSecrets(['from-the-environment', 'another value, longer than the first']);

const texts: Readonly<Record<string, string>> = {
  word: 'tools/call',
  message: 'The definition was not reloaded; what was served before is served on.',
  address: 'GET http://127.0.0.1:3000/mcp/shop took 12 ms',
  'stack of 2 KiB': (new Error('x').stack ?? '').repeat(8).slice(0, 2048),
  'one secret': 'postgres://shop:hunter2@db:5432/shop cannot be reached',
};

for (const [name, text] of Object.entries(texts)) {
  print(
    `text, ${name}`,
    perCall(() => redactor.text(text)),
  );
  print(
    `  patterns, ${name}`,
    perCall(() => withAllPatterns(text)),
  );
}
const fields = { component: 'gate', event: 'ratelimit.warning', scope: 'principal', limit: 100, ok: true };
print(
  'value, five fields',
  perCall(() => redactor.value(fields)),
);
print(
  'value, an error',
  perCall(() => redactor.value(new TypeError('no such column: total'))),
);

function withAllPatterns(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of SECRET_PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Nanoseconds of one call, after a warm-up of a tenth of the time. */
function perCall(run: () => unknown): number {
  time(run, milliseconds / 10);
  return time(run, milliseconds);
}

function time(run: () => unknown, forMs: number): number {
  const startedAt = performance.now();
  let calls = 0;
  let spentMs = 0;
  while (spentMs < forMs) {
    for (let index = 0; index < 100; index++) run();
    calls += 100;
    spentMs = performance.now() - startedAt;
  }
  return (spentMs * 1e6) / calls;
}

function print(name: string, nanoseconds: number): void {
  process.stdout.write(`${name.padEnd(32)} ${Math.round(nanoseconds).toString().padStart(8)} ns\n`);
}

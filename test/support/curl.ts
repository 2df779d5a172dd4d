// Shell lines with `curl` in them, run as a person would paste them.
import { type FinishedProcess, type ProcessOptions, runProcess } from './finished-process.ts';

/** Runs `line` in bash. */
export function runShell(line: string, options?: ProcessOptions): Promise<FinishedProcess> {
  return runProcess('bash', ['-c', line], options);
}

/** What one `curl -i` printed. */
export interface CurlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Posts `message` with `-H` for each of `headers` and nothing else; `curl` itself adds what it always adds. */
export async function curlPost(
  url: string,
  headers: readonly string[],
  message: object,
): Promise<CurlAnswer> {
  const flags = headers.flatMap((header) => ['-H', header]);
  const { out, err, code } = await runProcess('curl', [
    '-s',
    '-S',
    '-i',
    '-X',
    'POST',
    url,
    ...flags,
    '-d',
    JSON.stringify(message),
  ]);
  if (code !== 0) throw new Error(`curl ended with ${code}: ${err}`);
  const end = out.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = out.slice(0, end).split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(' ')[1]), headers: new Headers(pairs), body: out.slice(end + 4) };
}

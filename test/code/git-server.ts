// A git server over https on loopback: `git http-backend` behind a certificate that git is told to trust.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Tree, writeTree } from './code-server.ts';

export interface GitServer {
  /** Such as `127.0.0.1:41234`. */
  readonly place: string;
  readonly origin: string;
  /** File of the certificate. */
  readonly certificate: string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
  /** Commits more files to `main`. */
  push(more: Tree): void;
  /** Redirects everything to another address from now on. */
  redirect(location: string): void;
  close(): Promise<void>;
}

/** Serves `/shop.git` with a branch `main` of `tree` and a branch `next` with one file more. */
export async function startGitServer(tree: Tree): Promise<GitServer> {
  const work = mkdtempSync(join(tmpdir(), 'quayside-git-'));
  const source = join(work, 'source');
  writeTree(source, tree);
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], {
      cwd: source,
      stdio: 'pipe',
    });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'first');
  git('checkout', '--quiet', '-b', 'next');
  writeTree(source, { 'next.ts': 'export const only_on_next = 1;\n' });
  git('add', '-A');
  git('commit', '--quiet', '-m', 'second');
  git('checkout', '--quiet', 'main');
  git('clone', '--quiet', '--bare', source, join(work, 'shop.git'));
  const [key, certificate] = [join(work, 'key.pem'), join(work, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
    { stdio: 'pipe' },
  );
  const requests: string[] = [];
  let location: string | undefined;
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      const { pathname, search } = new URL(request.url ?? '/', 'https://127.0.0.1');
      requests.push(pathname);
      if (location !== undefined) {
        response.writeHead(302, { location: `${location}${pathname}${search}` }).end();
        return;
      }
      const backend = spawn('git', ['http-backend'], {
        env: {
          PATH: process.env.PATH,
          GIT_PROJECT_ROOT: work,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers['content-type'] ?? '',
          ...(request.headers['git-protocol'] === undefined
            ? {}
            : { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
          ...(request.headers['content-encoding'] === undefined
            ? {}
            : { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] }),
        },
      });
      request.pipe(backend.stdin);
      const chunks: Buffer[] = [];
      backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      backend.once('close', () => {
        const all = Buffer.concat(chunks);
        const end = all.indexOf('\r\n\r\n');
        const fields = all
          .subarray(0, end)
          .toString()
          .split('\r\n')
          .map((line) => line.split(': '));
        const headers = Object.fromEntries(fields.filter(([name]) => name !== 'Status'));
        const status = Number(fields.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
        response.writeHead(status, headers).end(all.subarray(end + 4));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const place = `127.0.0.1:${address.port}`;
  return {
    place,
    origin: `https://${place}`,
    certificate,
    requests,
    push(more) {
      writeTree(source, more);
      git('add', '-A');
      git('commit', '--quiet', '-m', 'more');
      git('push', '--quiet', join(work, 'shop.git'), 'main');
    },
    redirect(to) {
      location = to;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(work, { recursive: true, force: true });
    },
  };
}

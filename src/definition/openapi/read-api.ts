// Reads an API description and the documents that it refers to, each only from where it may come.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import type { Egress } from '../../egress/egress.ts';
import { EgressError } from '../../egress/egress-error.ts';
import { ApiImportError } from './api-tools.ts';
import { type Documents, gatherDocuments } from './documents.ts';

/** Ten times the largest description of a public API that was seen. */
const DOCUMENT_BYTES_MAX = 64 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 30_000;
const REDIRECTS_MAX = 3;

export interface ReadApi {
  readonly documents: Documents;
  /** Absolute paths of the files that were read. */
  readonly files: readonly string[];
}

/**
 * Reads a file and the files beside or below it that it refers to; references elsewhere are left unread, so that no
 * description reads what its folder does not hold. Throws ApiImportError.
 */
export function readApiFile(path: string): ReadApi {
  const absolute = resolve(path);
  const files = [absolute];
  const root = readFile(absolute);
  const folder = realpathSync(dirname(absolute));
  const gathering = gatherDocuments(pathToFileURL(absolute).href, root);
  let step = gathering.next();
  while (step.done !== true) {
    const file = localPath(step.value, folder);
    if (file !== undefined) files.push(file);
    step = gathering.next(file === undefined ? undefined : readFile(file));
  }
  return { documents: step.value, files };
}

export interface RemoteOptions {
  readonly egress: Egress;
  /** Whether references to other documents are fetched; otherwise they are left unread. */
  readonly followsReferences: boolean;
}

/** Reads a description from an http or https address; it never reads a file. Throws ApiImportError. */
export async function readApiUrl(url: string, options: RemoteOptions): Promise<Documents> {
  const gathering = gatherDocuments(url, await fetchDocument(url, options.egress));
  let step = gathering.next();
  while (step.done !== true) {
    const mayRead = options.followsReferences && /^https?:/.test(step.value);
    step = gathering.next(mayRead ? await fetchDocument(step.value, options.egress) : undefined);
  }
  return step.value;
}

function readFile(path: string): unknown {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > DOCUMENT_BYTES_MAX)
      throw new ApiImportError(`${path} has ${size} bytes, more than ${DOCUMENT_BYTES_MAX}.`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ApiImportError) throw error;
    throw new ApiImportError(`${path} cannot be read.`, { cause: error });
  }
  return parseDocument(text, path);
}

/** The file behind a URI where it exists inside `folder`, links followed. */
function localPath(uri: string, folder: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    const real = realpathSync(fileURLToPath(uri));
    const way = relative(folder, real);
    return way === '' || way === '..' || way.startsWith(`..${sep}`) ? undefined : real;
  } catch {
    // No such file: the reference leads nowhere, which the report says where it is used.
    return undefined;
  }
}

async function fetchDocument(url: string, egress: Egress): Promise<unknown> {
  try {
    const { status, body } = await egress.fetch({
      url,
      method: 'GET',
      headers: { accept: 'application/json, application/yaml, text/yaml, */*;q=0.5' },
      timeoutMs: FETCH_TIMEOUT_MS,
      maxBytes: DOCUMENT_BYTES_MAX,
      followRedirects: REDIRECTS_MAX,
      purpose: 'openapi-import',
    });
    if (status !== 200) throw new ApiImportError(`${url} answered with status ${status}.`);
    return parseDocument(body.toString('utf8'), url);
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    throw new ApiImportError(`${url} cannot be read: ${error.message}`, { cause: error });
  }
}

function parseDocument(text: string, name: string): unknown {
  const plain = text.replace(/^\uFEFF/, '');
  try {
    return /^\s*\{/.test(plain) ? JSON.parse(plain) : parse(plain);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new ApiImportError(`${name} is neither JSON nor YAML: ${reason}`, { cause: error });
  }
}

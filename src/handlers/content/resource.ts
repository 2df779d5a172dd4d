// Resources: literal content, bytes, files read at request time, or a handler (spec servers §2.3).
import type { Resource as ResourceDefinition } from '../../definition/schema/content.ts';
import { HandlerError } from '../../errors.ts';
import type { Resource, ResourceContent, ResourceSpec } from '../../tool.ts';
import type { ContentDeps } from './content-deps.ts';
import { readDocument, resolveDocument } from './document-file.ts';
import type { FileWatcher } from './file-watcher.ts';
import { runHandler, toContents } from './handler-contents.ts';
import { decodeText, mediaTypeOf } from './media-type.ts';
import { asPage, resourceUiMeta } from './page.ts';

export interface ResourceDeps extends ContentDeps {
  readonly watcher: FileWatcher;
  /** `limits.maxResultSize`. */
  readonly maxBytes: number;
}

/** Throws HandlerError HANDLER_CONFIG_ERROR for a file outside the document root or a blob that is no base64. */
export async function createResource(written: ResourceDefinition, deps: ResourceDeps): Promise<Resource> {
  const { ui } = written;
  const resource = await createPlainResource(asPage(written), deps);
  if (ui === undefined) return resource;
  const _meta = { ui: resourceUiMeta(ui) };
  return {
    ...resource,
    spec: Object.freeze({ ...resource.spec, _meta }),
    // Hosts go by what comes with the content (MCP Apps, resource metadata).
    read: async (call) => (await resource.read(call)).map((content) => ({ ...content, _meta })),
  };
}

async function createPlainResource(definition: ResourceDefinition, deps: ResourceDeps): Promise<Resource> {
  const { file, blob, handler, content } = definition;
  if (file !== undefined) return createFileResource(definition, file, deps);
  if (blob !== undefined) return createBlobResource(definition, blob);
  if (handler !== undefined) return createHandledResource(definition, handler, deps);
  if (content !== undefined) return createLiteralResource(definition, content);
  throw new HandlerError('HANDLER_CONFIG_ERROR', 'A resource needs one of content, file, blob or handler.');
}

function specOf(definition: ResourceDefinition, more: Pick<ResourceSpec, 'mimeType' | 'size'>): ResourceSpec {
  const { uri, name, title, description, annotations } = definition;
  const mimeType = definition.mimeType ?? more.mimeType;
  return Object.freeze({
    uri,
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(more.size === undefined ? {} : { size: more.size }),
  });
}

/** A string is the text itself, never a path; any other value is sent as JSON. */
function createLiteralResource(definition: ResourceDefinition, content: unknown): Resource {
  const isText = typeof content === 'string';
  const text = isText ? content : JSON.stringify(content, null, 2);
  const mimeType = definition.mimeType ?? (isText ? 'text/plain' : 'application/json');
  const contents: readonly ResourceContent[] = [{ uri: definition.uri, mimeType, text }];
  return {
    spec: specOf(definition, { mimeType, size: Buffer.byteLength(text) }),
    read: async () => contents,
  };
}

function createBlobResource(definition: ResourceDefinition, blob: string): Resource {
  const bytes = Buffer.from(blob, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== blob.replace(/=+$/, '')) {
    throw new HandlerError('HANDLER_CONFIG_ERROR', 'The blob of a resource is not base64.');
  }
  const mimeType = definition.mimeType ?? 'application/octet-stream';
  const contents: readonly ResourceContent[] = [{ uri: definition.uri, mimeType, blob }];
  return { spec: specOf(definition, { mimeType, size: bytes.length }), read: async () => contents };
}

function createFileResource(definition: ResourceDefinition, file: string, deps: ResourceDeps): Resource {
  const { baseDirectory: root, maxBytes, watcher } = deps;
  const path = resolveDocument(root, file);
  const known = definition.mimeType ?? mediaTypeOf(path);
  const spec = specOf(definition, known === undefined ? {} : { mimeType: known });
  return {
    spec,
    async read() {
      const bytes = await readDocument(path, { root, maxBytes });
      const text = decodeText(bytes);
      const { uri } = definition;
      if (text !== undefined) return [{ uri, mimeType: known ?? 'text/plain', text }];
      return [{ uri, mimeType: known ?? 'application/octet-stream', blob: bytes.toString('base64') }];
    },
    ...(definition.subscribe === false
      ? {}
      : { watch: (changed: () => void) => watcher.watch(path, changed) }),
  };
}

async function createHandledResource(
  definition: ResourceDefinition,
  handler: NonNullable<ResourceDefinition['handler']>,
  deps: ResourceDeps,
): Promise<Resource> {
  const { uri, mimeType, name } = definition;
  const inputSchema = { type: 'object', properties: { uri: { type: 'string' } }, required: ['uri'] };
  const prepared = await deps.prepareHandler(handler, name, inputSchema);
  return {
    spec: specOf(definition, {}),
    read: async (call) => toContents(await runHandler(prepared, call, { uri }), { uri, mimeType }),
  };
}

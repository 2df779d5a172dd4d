// code://file/{path}: the text of an indexed file, or some of its lines.
import { mediaTypeOf } from '../../../handlers/content/media-type.ts';
import { parseUriTemplate } from '../../../handlers/content/uri-template.ts';
import type { JsonObject, ResourceTemplate } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { toRefusal } from '../repositories/repositories.ts';
import { completeNames, completePaths } from './complete.ts';
import { type FollowDeps, followResource } from './follow-resource.ts';
import { reading, variable } from './resource-answer.ts';

const URI = 'code://file/{+path}{?line,repository}';
const template = parseUriTemplate(URI);

/** A resource travels as one message, which clients and models read as a whole; larger files are read in parts. */
const FILE_BYTES_MAX = 1 << 20;

/** Makes the template over the repositories of one server. */
export function fileTemplate(deps: FollowDeps): ResourceTemplate {
  return {
    spec: Object.freeze({
      uriTemplate: URI,
      name: 'code-file',
      title: 'Source file',
      description: 'Text of an indexed file; line=12 or line=12-40 gives only these lines.',
    }),
    match: template.match,
    read: reading(async ({ args, principal }) => {
      const repositories = deps.of({ principal });
      const { repository, path } = await locate(repositories, args);
      await repositories.settle(repository);
      try {
        const [known] = await repository.index.text.files({ path });
        if (known?.status !== 'indexed')
          throw new CodeRefusal(
            'unknown_file',
            `${path} is not in the index${known === undefined ? '' : ` (${known.status})`}.`,
          );
        const lines = linesOf(args);
        if (lines === undefined && known.size > FILE_BYTES_MAX)
          throw new CodeRefusal(
            'invalid_arguments',
            `${path} has ${known.size} bytes; read parts of it with ?line=1-2000 and so on.`,
          );
        const { text, blob } = await repository.index.text.read(path);
        const _meta = { 'quayside/repository': repository.name, 'quayside/blob': blob };
        const shown = lines === undefined ? text : cutOut(text, lines, path);
        return [{ uri: String(args.uri), mimeType: mediaTypeOf(path) ?? 'text/plain', text: shown, _meta }];
      } catch (error) {
        throw await toRefusal(error, repository);
      }
    }),
    watch: (changed, { uri, principal }) =>
      followResource(
        deps,
        { principal, stateOf: (repositories) => stateOf(repositories, template.match(uri) ?? {}) },
        changed,
      ),
    complete: (name, value, _context, by) =>
      name === 'path' ? completePaths(deps.of(by), value) : completeNames(deps.of(by), name, value),
  };
}

function locate(repositories: Repositories, args: JsonObject) {
  return repositories.locate(variable(args, 'path') ?? '', variable(args, 'repository'));
}

async function stateOf(repositories: Repositories, args: JsonObject): Promise<string> {
  const { repository, path } = await locate(repositories, args);
  const [known] = await repository.index.text.files({ path });
  return `${repository.id} ${known?.status} ${known?.blob}`;
}

interface Lines {
  readonly from: number;
  readonly to: number;
}

function linesOf(args: JsonObject): Lines | undefined {
  const text = variable(args, 'line');
  if (text === undefined) return undefined;
  const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from < 1 || to < from)
    throw new CodeRefusal('invalid_arguments', `line=${text}: give one line (12) or a range (12-40).`);
  return { from, to };
}

/** Lines with their ends, as they stand in the file. */
function cutOut(text: string, { from, to }: Lines, path: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  if (from > lines.length)
    throw new CodeRefusal(
      'invalid_arguments',
      `${path} has ${lines.length} lines; there is no line ${from}.`,
    );
  return lines.slice(from - 1, to).join('');
}

// What is said of a repository to add, by tool and by route.
import type { JsonObject } from '../../../tool.ts';
import { ADDED_TYPES, DAYS_MAX } from '../repositories/added-repositories.ts';

const short = (description: string): JsonObject => ({
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description,
});

/** Properties of the arguments of add_reference_repository, and of the body of its route. */
export const ADD_PROPERTIES: JsonObject = {
  path: {
    type: 'string',
    minLength: 1,
    maxLength: 2000,
    description: 'A folder within the allowed roots, or the https address of a git repository.',
  },
  name: short('What it is called; default the last part of the path.'),
  type: { type: 'string', enum: ADDED_TYPES, description: 'What it is kept as; default reference.' },
  language: { type: 'string', pattern: '^[A-Za-z0-9_+#-]{1,40}$', description: 'Its main language.' },
  purpose: short('What it is for; default reference.'),
  days_to_keep: {
    type: 'integer',
    minimum: 1,
    maximum: DAYS_MAX,
    description: 'Days after which it is removed.',
  },
  project_name: short('The project that it belongs to.'),
  description: { type: 'string', maxLength: 2000, description: 'What is worth knowing of it.' },
  metadata: { type: 'object', maxProperties: 50, description: 'Anything else, kept as it is.' },
  branch: {
    type: 'string',
    pattern: '^[A-Za-z0-9._][A-Za-z0-9._/-]{0,199}$',
    description: 'Branch or tag to clone; default the main one.',
  },
};

/** Properties of `repository_metadata` of index_file. */
export const METADATA_PROPERTIES: JsonObject = {
  type: { type: 'string', enum: ['local', ...ADDED_TYPES], description: 'What it is kept as.' },
  language: { type: 'string', pattern: '^[A-Za-z0-9_+#-]{1,40}$', description: 'Its main language.' },
  purpose: short('What it is for.'),
  temporary: { type: 'boolean', description: 'Whether it is removed some day: what was added is.' },
  days_to_keep: {
    type: 'integer',
    minimum: 1,
    maximum: DAYS_MAX,
    description: 'Days after which it is removed, from now on.',
  },
  project: short('The project that it belongs to.'),
  description: { type: 'string', maxLength: 2000, description: 'What is worth knowing of it.' },
};

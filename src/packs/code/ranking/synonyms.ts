// Words that name the same thing in code of different hands and languages (spec code §7).
import { queryTerms, stem } from '../../../retrieval/sub-tokens.ts';

/** Each line a group; a word stands for every other of its lines. */
const GROUPS = [
  'auth authenticate authorize login signin',
  'logout signout',
  'create add insert new make build register',
  'delete remove drop destroy erase',
  'get fetch load find read lookup retrieve query',
  'update modify edit patch change',
  'save store persist write put',
  'parse decode deserialize unmarshal',
  'serialize encode marshal stringify format dump render',
  'send post publish emit dispatch notify',
  'receive consume subscribe listen',
  'validate check verify ensure assert',
  'error exception failure fault',
  'list all enumerate',
  'config configuration settings options',
  'connect open dial',
  'close shutdown stop disconnect',
  'retry backoff attempt',
  'limit throttle rate',
  'cache memo memoize',
  'hash digest checksum',
  'encrypt cipher seal',
  'user account member',
  'customer client buyer',
  'start run begin launch',
  'total sum',
  'sort order rank',
  'token jwt',
  'convert transform map translate',
  'compare equal diff',
  'queue enqueue push',
  'mail email',
  'file document',
  'path route url',
  'message event',
  'average mean',
  'maximum max largest',
  'minimum min smallest',
  'split chunk partition',
  'join concat merge combine',
  'count size length',
  'filter select',
  'time date timestamp',
  'copy clone duplicate',
  'password secret credential',
  'request call',
  'response reply answer',
  'template view',
];

const others = new Map<string, Set<string>>();
for (const group of GROUPS) {
  const words = group.split(' ').map(stem);
  for (const word of words) {
    const known = others.get(word) ?? new Set<string>();
    for (const other of words) if (other !== word) known.add(other);
    others.set(word, known);
  }
}

/** One word of a question: itself, and what else it may be called. All are stems. */
export interface Concept {
  readonly word: string;
  readonly synonyms: readonly string[];
}

/** Words of a question beyond these say little more. */
const CONCEPTS_MAX = 8;

/** The words of a question or of a name, each once, with their synonyms. `sign in` and `sign-in` are one word. */
export function conceptsOf(question: string): readonly Concept[] {
  const joined = question
    .replace(/\b(sign|log)[-\s_]?(in|out)\b/gi, '$1$2')
    .replace(/\b(sign|log)(In|Out)\b/g, (_, first: string, second: string) => first + second.toLowerCase());
  return queryTerms(joined)
    .slice(0, CONCEPTS_MAX)
    .map((word) => ({ word, synonyms: [...(others.get(word) ?? [])] }));
}

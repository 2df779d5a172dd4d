// The flags that every install has (governance §10.2). Off until somebody is named or a percentage is given.
import { EMPTY_FLAG, type Flag } from './flag.ts';

const SHIPPED = { ...EMPTY_FLAG, source: 'shipped' } as const;

/** On: every line of the log that comes of a caller's requests is written. */
export const ENHANCED_LOGGING = 'enhanced-logging';
/** On: tool calls of a caller answer as a stream from their start. */
export const STREAMING_RESPONSES = 'streaming-responses';

/** What each switches; where the product has nothing to switch yet, the description says so. */
export const SHIPPED_FLAGS: readonly Flag[] = [
  {
    ...SHIPPED,
    key: 'new-rag-algorithm',
    type: 'release',
    description:
      'Answers from documents by the new algorithm. Without effect: this version has no such answers.',
  },
  {
    ...SHIPPED,
    key: 'cache-embeddings',
    type: 'ops',
    description: 'Keeps embeddings for a day. Without effect: this version makes no embeddings.',
  },
  {
    ...SHIPPED,
    key: ENHANCED_LOGGING,
    type: 'ops',
    description: "Debug lines for the requests of the users that it is on for, whatever the log's level.",
  },
  {
    ...SHIPPED,
    key: STREAMING_RESPONSES,
    type: 'release',
    description:
      'Tool calls answer as an event stream as soon as they begin, where the client takes one, so that nothing between cuts a long call.',
  },
];

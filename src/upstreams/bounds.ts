// What an upstream may send at most. An upstream is somebody else's program: none of its numbers is trusted.

/** One message: several times the default `limits.maxResultSize`, since base64 and escapes make results longer. */
export const MESSAGE_BYTES_MAX: number = 16 * 1024 * 1024;
/** All that comes on the stream of one request, progress and logs included. */
export const STREAM_BYTES_MAX: number = 64 * 1024 * 1024;
/** Items of one list; a definition itself may have 2,000 tools. */
export const LIST_ITEMS_MAX = 2000;
/** Pages of one list: an upstream that always has another page is cut off. */
export const LIST_PAGES_MAX = 100;
/** JSON of one tool; the largest in the field are a tenth of it. */
export const TOOL_BYTES_MAX: number = 64 * 1024;
/** Names and addresses of what is listed. */
export const NAME_LENGTH_MAX = 512;
/** Characters of one log message, of a progress message and of an error's text that are passed on. */
export const TEXT_LENGTH_MAX = 8192;
/** Notifications of one request that are passed on; a call that says more is talking to itself. */
export const NOTICES_MAX = 10_000;
/** Rounds in which a modern upstream may ask before it answers. */
export const ROUNDS_MAX = 10;

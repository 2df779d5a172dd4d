// What clients are told of the pack.

/** Instructions of a server that has the tools. */
export const CODE_INSTRUCTIONS =
  'Search the source with search_code before any plain text search: it is complete, current and counted exactly. Begin with a small max_results for an overview, then read the lines that _usage_hint names.';

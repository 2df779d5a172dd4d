// docs/errors.md: the table of errors for those who meet one.

import { type ErrorDefinition, errors, HANDLER_ERROR_CODES } from '../../src/errors.ts';

const introduction = `# Errors

Every error that Quayside answers with, made from the one table in \`src/errors.ts\` by \`npm run generate\`.

A caller sees message, status and number; the code is the error's name in the sources. Status and number differ between
the eras of the protocol where the revisions demand it: modern is revision 2026-07-28, legacy everything before it. A
retryable error may pass when the same request is sent again later, after \`Retry-After\` where the answer has that header.

| Code | Message | HTTP status | Modern number | Legacy status | Legacy number | Retryable |
|---|---|---|---|---|---|---|
`;

const handlerIntroduction = `
## Handler errors

A tool whose handler fails answers with a result that has \`isError: true\`, the text \`Handler Error (CODE): message\`,
and \`_meta.error\` with code, message and details. The code is one of:

`;

/** The page's whole text. */
export function renderErrorsPage(): string {
  const rows = Object.entries(errors).map(([code, definition]: [string, ErrorDefinition]) =>
    renderRow(code, definition),
  );
  const handlerCodes = HANDLER_ERROR_CODES.map((code) => `- \`${code}\``);
  return `${introduction}${rows.join('\n')}\n${handlerIntroduction}${handlerCodes.join('\n')}\n`;
}

function renderRow(code: string, definition: ErrorDefinition): string {
  const { message, status, modern, legacyStatus = status, legacy, retryable } = definition;
  const cells = [`\`${code}\``, message, status, modern, legacyStatus, legacy, retryable ? 'yes' : 'no'];
  return `| ${cells.join(' | ')} |`;
}

// The pages of a round of authorization, for people: what is asked of them, and how it ended.
import type { RouteAnswer } from '../../route.ts';

/** Nothing is loaded, and nobody shows the page in a frame to steal the click. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** Says who will act at which upstream; `next` is where an agreement leads. */
export function askPage(
  round: { readonly place: string; readonly subject: string },
  next: string,
): RouteAnswer {
  return page(200, 'Authorize an upstream server', [
    `The caller <b>${escaped(round.subject)}</b> of this Quayside wants to use the server <b>${escaped(round.place)}</b>.`,
    'What you grant next is used for the calls of this caller, and of nobody else.',
    'Go on only if you have asked for this yourself: whoever sent you here acts as you afterwards.',
    `<a href="${escaped(next)}">Go on</a>`,
  ]);
}

/** How a round ended. */
export function endPage(status: number, text: string): RouteAnswer {
  return page(status, 'Authorization of an upstream server', [escaped(text)]);
}

function page(status: number, title: string, paragraphs: readonly string[]): RouteAnswer {
  const style = 'body{font:16px/1.5 system-ui;max-width:34em;margin:4em auto;padding:0 1em}';
  const body = paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join('\n');
  return {
    status,
    contentType: 'text/html; charset=utf-8',
    headers: {
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${style}</style>\n<h1>${title}</h1>\n${body}\n</html>`,
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

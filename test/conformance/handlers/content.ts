// Tools that answer with each kind of content.

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const SILENCE = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

type Args = Readonly<Record<string, unknown>>;

export function simpleText(): string {
  return 'This is a simple text response for testing.';
}

export function image(): object {
  return { content: [{ type: 'image', data: PIXEL, mimeType: 'image/png' }] };
}

export function audio(): object {
  return { content: [{ type: 'audio', data: SILENCE, mimeType: 'audio/wav' }] };
}

export function embeddedResource(): object {
  const resource = {
    uri: 'test://embedded-resource',
    mimeType: 'text/plain',
    text: 'This is an embedded resource content.',
  };
  return { content: [{ type: 'resource', resource }] };
}

export function mixed(): object {
  const resource = {
    uri: 'test://mixed-content-resource',
    mimeType: 'application/json',
    text: JSON.stringify({ test: 'data', value: 123 }),
  };
  return {
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PIXEL, mimeType: 'image/png' },
      { type: 'resource', resource },
    ],
  };
}

export function failing(): never {
  throw new Error('This tool intentionally returns an error for testing');
}

export function echo(args: Args): string {
  return `Called with: ${JSON.stringify(args)}`;
}

export function region(args: Args): string {
  return `region=${String(args.region ?? '<none>')}`;
}

export function templateData({ id }: Args): object {
  return { id, templateTest: true, data: `Data for ID: ${String(id)}` };
}

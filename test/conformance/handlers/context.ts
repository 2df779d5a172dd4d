// The part of the handler context that the fixtures use.

interface Request {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  readonly params?: Readonly<Record<string, unknown>>;
}

export type Answer = Readonly<Record<string, unknown>>;

export interface Context {
  readonly logger: { info(message: string): void };
  readonly reportProgress?: (progress: number, total?: number, message?: string) => void;
  requestInput(requests: Readonly<Record<string, Request>>): Promise<Readonly<Record<string, Answer>>>;
  /** Only when the client can sample. */
  readonly sample?: unknown;
  notify(change: { readonly kind: 'tools' | 'prompts' | 'resources' }): void;
  closeStream(): void;
}

/** A form with one field. */
export function form(message: string, field: string, type: 'string' | 'boolean' = 'string'): Request {
  const requestedSchema = { type: 'object', properties: { [field]: { type } }, required: [field] };
  return { method: 'elicitation/create', params: { message, requestedSchema } };
}

export function question(text: string, maxTokens: number): Request {
  return {
    method: 'sampling/createMessage',
    params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens },
  };
}

export const ROOTS: Request = { method: 'roots/list', params: {} };

/** A field of an accepted form, as text. */
export function fieldOf(answer: Answer | undefined, field: string): string {
  const content = answer?.content;
  if (typeof content !== 'object' || content === null) return 'unknown';
  return String(Object.entries(content).find(([name]) => name === field)?.[1] ?? 'unknown');
}

export function textOf(answer: Answer | undefined): string {
  return fieldOf(answer, 'text');
}

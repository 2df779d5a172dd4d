// Whose endpoint it is, in the names of the OpenTelemetry conventions (gen_ai.provider.name).

const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['api.deepseek.com', 'deepseek'],
  ['api.groq.com', 'groq'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.x.ai', 'x_ai'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
]);

/** The well-known name of a host, else the host itself. */
export function providerOf(hostname: string): string {
  return PROVIDERS.get(hostname) ?? hostname;
}

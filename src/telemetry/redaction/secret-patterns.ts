// The shapes of secrets inside a text (spec governance §9). The one list of them: everything that redacts uses it.

/** Stands where a secret was. */
export const REDACTED = '[REDACTED]';

/** Each is linear: every repetition is bounded or followed by what it cannot match. */
export const SECRET_PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g, REDACTED],
  [/\b(Bearer|Basic)\s{1,4}[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*){1,3}/g, REDACTED],
  [/\bqs_[A-Za-z0-9_-]{6,}/g, REDACTED],
  // Model providers and payment services: sk-..., sk_live_..., rk_live_...
  [/\b[sr]k[-_][A-Za-z0-9_-]{12,}/g, REDACTED],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,256}):[^\s/@]{1,512}@/gi, `$1:${REDACTED}@`],
  // Not the references of definitions, ${secret:name}: they are what a message about them must show.
  [
    /(?<!\$\{)\b((?:[a-z0-9]{1,32}[_-]){0,4}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|sig|signature)["']?\s{0,4}[=:]\s{0,4})(?:"[^"]{1,1024}"|'[^']{1,1024}'|[^\s,;&"'{}[\]]{1,1024})/gi,
    `$1${REDACTED}`,
  ],
  // AWS key ids, Alibaba Cloud, Google API keys and OAuth, Azure application secrets.
  [/\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g, REDACTED],
  [/\bLTAI[A-Za-z0-9]{12,26}\b/g, REDACTED],
  [/\bAIza[A-Za-z0-9_-]{30,}/g, REDACTED],
  [/\bya29\.[A-Za-z0-9_-]{10,}/g, REDACTED],
  [/\bGOCSPX-[A-Za-z0-9_-]{20,}/g, REDACTED],
  [/\b[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.-]{31,40}/g, REDACTED],
  // Code hosts, package registries, chat, mail, trackers, secret managers.
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g, REDACTED],
  [/\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{32,})/g, REDACTED],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{8,}/g, REDACTED],
  [/(hooks\.slack\.com\/services\/)[A-Za-z0-9/]{10,}/g, `$1${REDACTED}`],
  [/\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g, REDACTED],
  [/\bATATT[A-Za-z0-9_=-]{20,}/g, REDACTED],
  [/\bhv[sbr]\.[A-Za-z0-9_-]{20,}/g, REDACTED],
];

/**
 * What every text has in which a pattern can match. Most texts have none of it, and one pass over them is all the work
 * they cost. A new pattern needs its beginning here; a test holds the two lists together.
 */
const BEGINNINGS =
  /-----BEGIN |:\/\/[^\s/]*@|hooks\.slack|(?:passw(?:or)?d|pwd|secret|token|key|sig|signature)["']?\s{0,4}[=:]|[78]Q~|\b(?:bearer\s|basic\s|eyJ|qs_|[sr]k[-_]|AKIA|ASIA|AROA|AIDA|LTAI|AIza|ya29\.|GOCSPX|gh[pousr]_|github_pat_|glpat-|npm_|pypi-|hf_|dop_v1_|xox[abeoprs]-|SG\.|ATATT|hv[sbr]\.)/i;

/** The shortest text that a pattern matches is `pwd=x`. */
const LENGTH_MIN = 5;

/** The text without what looks like a secret. Linear; the caller bounds the length. */
export function redactPatterns(text: string): string {
  if (text.length < LENGTH_MIN || !BEGINNINGS.test(text)) return text;
  let clean = text;
  for (const [pattern, replacement] of SECRET_PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

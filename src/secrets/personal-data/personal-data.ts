// Takes personal data out of texts (spec governance §9): what names or reaches a person becomes a token of its kind.
import { passesLuhn, passesMod97 } from './check-digits.ts';
import { IBAN_LENGTHS } from './iban-lengths.ts';
import { type Around, looksLikePhone, PHONE_TEXT } from './phone.ts';

/**
 * When a collection of documents anonymises: never, before storing (irreversible: before hashing, splitting,
 * embedding and caching), or only in answers.
 */
export const PERSONAL_DATA_MODES = ['off', 'store', 'answer'] as const;
/** One of {@link PERSONAL_DATA_MODES}. */
export type PersonalDataMode = (typeof PERSONAL_DATA_MODES)[number];

/** Where a text is on its way: about to be stored, or about to be answered. */
export type PersonalDataMoment = 'store' | 'answer';

/**
 * The text as `mode` wants it at this moment. `store` anonymises what is stored, and so what is answered from it;
 * `answer` keeps what is stored and anonymises what is answered.
 */
export function personalDataFor(text: string, mode: PersonalDataMode, moment: PersonalDataMoment): string {
  return mode === moment ? withoutPersonalData(text) : text;
}

interface Kind {
  readonly token: string;
  /** Linear: every repetition is bounded. */
  readonly pattern: RegExp;
  /** What the pattern alone cannot say. */
  readonly accepts?: (found: string, around: Around) => boolean;
}

/** Each country has its own length, so that a word behind the account is not taken for a part of it. */
const ibanText = new RegExp(
  `\\b(?:${Object.entries(IBAN_LENGTHS)
    .map(([country, length]) => `${country}\\d{2}(?:[ -]?[A-Z0-9]){${length - 4}}`)
    .join('|')})(?![A-Z0-9])`,
  'gi',
);
const cardText = /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d])/g;

/** In this order: a number that is a card or a social security number must not be taken for a phone number. */
const KINDS: readonly Kind[] = [
  {
    token: '[EMAIL]',
    pattern:
      /[\p{L}\p{N}][\p{L}\p{N}._%+'-]{0,63}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}\p{L}[\p{L}\p{N}-]{1,62}/gu,
  },
  { token: '[IBAN]', pattern: ibanText, accepts: isIban },
  { token: '[SSN]', pattern: /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g },
  { token: '[CARD]', pattern: cardText, accepts: isCard },
  { token: '[PHONE]', pattern: PHONE_TEXT, accepts: looksLikePhone },
];

/** Any of the kinds needs one of these; most texts of a document have neither. */
const HINT = /@|\d(?:[^\p{L}\d\n]{0,2}[\dA-Z]){5}/iu;

/** The text with `[EMAIL]`, `[IBAN]`, `[SSN]`, `[CARD]` and `[PHONE]` in place of what they name. */
export function withoutPersonalData(text: string): string {
  if (!HINT.test(text)) return text;
  let clean = text;
  for (const { token, pattern, accepts } of KINDS) {
    clean = clean.replace(pattern, (found: string, ...rest: unknown[]) => {
      if (accepts === undefined) return token;
      const at = rest.find((one) => typeof one === 'number') ?? 0;
      const around = {
        before: clean.slice(Math.max(0, at - AROUND_LENGTH), at),
        after: clean.slice(at + found.length, at + found.length + AROUND_LENGTH),
      };
      return accepts(found, around) ? token : found;
    });
  }
  return clean;
}

/** Characters beside a number that may say what it is: `Order no. `. */
const AROUND_LENGTH = 24;

function isIban(found: string): boolean {
  return passesMod97(found.replace(/[ -]/g, ''));
}

/** Issuers number their cards from 2 to 6; other runs of digits pass the check digit one time in ten. */
function isCard(found: string): boolean {
  const digits = found.replace(/[ -]/g, '');
  return /^[2-6]/.test(digits) && passesLuhn(digits);
}

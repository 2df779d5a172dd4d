// Tells phone numbers from the other numbers that have 7 to 15 digits: dates, amounts, versions, book numbers.

/** Digits of a subscriber number without its area, and of a whole number (ITU-T E.164). */
const DIGITS_MIN = 7;
const DIGITS_MAX = 15;

/** Space (also the unbreakable one), brackets, dot, slash, hyphen and dash: what people group digits with. */
const SEPARATORS = ' \\u00a0().\\/\\u2010-\\u2013-';

/** Runs of digits that may be a phone number; {@link looksLikePhone} judges them. */
export const PHONE_TEXT = new RegExp(
  `(?<![\\w.,/#@-])[+]?[(]?\\d(?:[${SEPARATORS}]{0,3}\\d){6,14}(?![\\w@]|[.,:/-]\\d)`,
  'g',
);

const NAMED =
  /(?:\btel|phone|\bcall|mobil|\bcell|\bfax|whatsapp|\bsms\b|telefon|\bhandy|hotline|\bdial|\bring\b|\breach|\bcontact|\bext)[\p{L}. ]{0,14}[^\p{L}\d]{0,4}$/iu;
const OTHERWISE_NAMED =
  /(?:\border|invoice|ticket|\bno|\bnr|\bid|isbn|issn|\bsku|\bref|reference|version|\bv|account|build|\bcase|serial|\bport|\bpid|article|item|tracking|parcel|\bzip|plz|row|line|page|bytes?|total|sum|count|score|population|commit|hash|timestamp|epoch|\bpart|model|patent|doi|lot|batch|contract|customer|user|lat|lon|coordinates?|between|from|\$|€|£)[\p{L}. ]{0,8}[^\p{L}\d]{0,4}$/iu;

/** The texts right before and behind what was found. */
export interface Around {
  readonly before: string;
  readonly after: string;
}

/** `found` matched {@link PHONE_TEXT}. */
export function looksLikePhone(found: string, { before, after }: Around): boolean {
  const groups = found.match(/\d+/g) ?? [];
  const digits = groups.join('');
  if (digits.length < DIGITS_MIN || digits.length > DIGITS_MAX) return false;
  if (found.startsWith('+')) return true;
  if (isDate(groups)) return false;
  if (NAMED.test(before)) return true;
  if (OTHERWISE_NAMED.test(before)) return false;
  // A piece of a longer number.
  if (/\d[ -]$/.test(before) || /^[ -]?\d/.test(after)) return false;
  if (groups.length === 1) return isWholeNumber(digits);
  return found.startsWith('(') || isGroupedNumber(found, groups, digits);
}

/** Without separators only what has the length and the beginning of a national number. */
function isWholeNumber(digits: string): boolean {
  return /^(?:0[1-9]\d{8,10}|00[1-9]\d{7,12}|1?[2-9]\d{2}[2-9]\d{6})$/.test(digits);
}

/** Year, month and day in either order, with or without an hour behind. */
function isDate(groups: readonly string[]): boolean {
  const [first = '', second = '', third = ''] = groups;
  const isYear = (text: string) => /^(?:19|20)\d{2}$/.test(text);
  const isPart = (text: string) => /^(?:0?[1-9]|[12]\d|3[01])$/.test(text);
  if (groups.length === 2) return isYear(first) && isYear(second);
  if (isYear(first)) return isPart(second) && isPart(third);
  return isPart(first) && isPart(second) && isYear(third);
}

function isGroupedNumber(found: string, groups: readonly string[], digits: string): boolean {
  const [first = '', ...rest] = groups;
  const last = rest.at(-1) ?? '';
  // A check digit or a decimal of its own ends other numbers.
  if (last.length < 2) return false;
  if (/^97[89]/.test(digits) && digits.length === 13) return false;
  if (found.includes('/')) return /^0\d{1,4}$/.test(first) && groups.length <= 3;
  // Addresses and versions have four groups.
  if (found.includes('.'))
    return groups.length > 4 || groups.length === 3 || (groups.length === 4 && /^0?1$|^0/.test(first));
  // Nearly a social security number.
  if (groups.length === 3 && rest[0]?.length === 2) return false;
  // 10 000 000 is an amount; 612 345 678 is how several countries write mobile numbers.
  const isThousands = first.length <= 3 && rest.every((group) => group.length === 3);
  if (isThousands) return first.length === 3 && digits.length === 9 && /^[5-9]/.test(digits);
  return groups.every((group) => group.length <= 8) && groups.length <= 6;
}

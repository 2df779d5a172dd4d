// Check digits of card numbers and bank accounts: what tells them from any other run of digits.

/** Whether the digits pass the check of ISO/IEC 7812-1 (Luhn). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = digits.length - 1, double = false; index >= 0; index--, double = !double) {
    const digit = Number(digits[index]);
    sum += double && digit > 4 ? digit * 2 - 9 : double ? digit * 2 : digit;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** Whether an account number without spaces passes the check of ISO 13616 (mod 97, ISO 7064). */
export function passesMod97(account: string): boolean {
  const rearranged = account.slice(4) + account.slice(0, 4);
  let remainder = 0;
  for (const character of rearranged.toUpperCase()) {
    const value = Number.parseInt(character, 36);
    if (Number.isNaN(value)) return false;
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

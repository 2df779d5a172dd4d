// Turns a title into the last part of an address.

/** @param {{ title: string, separator?: string }} args */
export default function slugify({ title, separator = '-' }) {
  return title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, separator);
}

/** @param {{ text: string }} args */
export function countWords({ text }) {
  return { words: text.split(/\s+/).filter((word) => word !== '').length };
}

/** Thrown for a tool that would do something else, or more, than it did where it comes from. */
export class NotImported extends Error {}

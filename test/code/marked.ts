/** Language, path, and text with labels between « and ». */
export type Marked = readonly [language: string, path: string, marked: string];

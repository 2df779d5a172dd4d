/** Says what it is told. */
export default function echo({ text }: { readonly text: string }): string {
  return text;
}

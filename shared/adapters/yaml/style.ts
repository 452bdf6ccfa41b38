/** How a file's author indents. */
export interface Style { readonly indent: number; readonly indentSeq: boolean }

/** Reads the style off a text: the first indented line, and whether the first list under a field stands deeper than the field. */
export function styleOf(text: string): Style {
  const step = /\n( +)[^\s#-]/.exec(text)?.[1]?.length ?? 2;
  const list = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)- /m.exec(text);
  return { indent: Math.min(8, Math.max(2, step)), indentSeq: list === null || (list[2]?.length ?? 0) > (list[1]?.length ?? 0) };
}

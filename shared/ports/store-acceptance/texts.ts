/** Texts that storage likes to bend, each under a name. */
export const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['one character', 'x'],
  ['line ends', 'a\nb\r\nc\rd\u2028e\u2029'],
  ['controls', '\u0000\u0001\u001f\u007f'],
  ['quotes and slashes', '{"a":"\\"\\\\ \' ` / ${x}"}'],
  ['scripts', 'žluťoučký кириллица עברית العربية 中文 日本語 한국어'],
  ['composed and decomposed', 'é e\u0301'],
  ['beyond the basic plane', '😀 👩‍👩‍👧‍👦 𝒳 \u{10ffff}'],
  ['byte order mark', '\ufeff{}'],
  ['not characters', '\uffff\ufffe\ufffd'],
  ['half a character', 'a\ud800b\udc00'],
  ['what a number could be taken for', '0012e5'],
];

/** A text that does not get shorter by compressing: letters by a small congruential generator, six bits each. */
export function incompressible(length: number, seed = 1): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let state = seed >>> 0;
  let text = '';
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[state >>> 26] ?? '';
  }
  return text;
}

/** Everything but line breaks and tabs that makes a terminal do things, both ranges of control characters. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Text that is safe to print whoever wrote it: control characters stand as `\u001b`, which JSON and quoted YAML read back. Manifests
 * and messages come from other members, and a terminal would obey them.
 */
export const printable = (text: string): string =>
  text.replaceAll(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

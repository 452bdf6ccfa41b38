/** One name in a certificate, such as `{type: 'DNS', value: 'region.example.com'}`. */
export interface AltName { readonly type: string; readonly value: string }

/** One element of Node's text of a subjectAltName: a type and a value, which is quoted as JSON where it could be mistaken. */
const ALT_NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/**
 * The names in a certificate, from the text that Node makes of its subjectAltName.
 *
 * @throws RangeError when they cannot be told apart for certain
 */
export function parseAltNames(text: string): readonly AltName[] {
  const names: AltName[] = [];
  const element = new RegExp(ALT_NAME);
  while (element.lastIndex < text.length) {
    const [, type, value] = element.exec(text) ?? [];
    if (type === undefined || value === undefined) throw new RangeError('the names of the certificate cannot be told apart');
    names.push({ type, value: value.startsWith('"') ? unquote(value) : value });
  }
  return names;
}

/** The values of one type. */
export const altNamesOf = (names: readonly AltName[], type: string): readonly string[] => names.filter((name) => name.type === type).map(({ value }) => value);

function unquote(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch (error) {
    throw new RangeError('a name of the certificate cannot be read', { cause: error });
  }
}

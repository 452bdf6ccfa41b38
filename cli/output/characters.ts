const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A text's characters as people count them. */
export const charactersOf = (text: string): readonly string[] => (isPlain(text) ? text.split('') : Array.from(segmenter.segment(text), ({ segment }) => segment));

/** Columns that a text takes in a terminal. Wide characters of East Asia take two and are counted as one. */
export const widthOf = (text: string): number => (isPlain(text) ? text.length : charactersOf(text).length);

const isPlain = (text: string): boolean => /^[\u0020-\u007e]*$/.test(text);

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { styleOf, withKubectlTags } from './index.ts';

describe('manifests are read as kubectl reads them', () => {
  test.each([['yes', true], ['On', true], ['NO', false], ['off', false], ['0644', 420], ['y', 'y'], ['"yes"', 'yes'], ['08', 8], ['1e3', 1000]])('%s', (text, value) => {
    expect(parse(`a: ${text}`, { customTags: withKubectlTags })).toEqual({ a: value });
  });
});

describe('the style of a text', () => {
  test.each([
    ['a:\n  - b\n', { indent: 2, indentSeq: true }],
    ['a:\n- b\n', { indent: 2, indentSeq: false }],
    ['a:\r\n- b\r\n', { indent: 2, indentSeq: false }],
    ['a:\n    b: 1\n', { indent: 4, indentSeq: true }],
    ['a: # why\n\n# so\n- b\n', { indent: 2, indentSeq: false }],
    ['', { indent: 2, indentSeq: true }],
  ])('%j', (text, style) => {
    expect(styleOf(text)).toEqual(style);
  });
});

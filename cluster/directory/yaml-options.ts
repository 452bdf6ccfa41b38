import type { CreateNodeOptions, DocumentOptions, ParseOptions, ScalarTag, SchemaOptions, Tags, ToJSOptions, ToStringOptions } from 'yaml';
import { Scalar } from 'yaml';

/**
 * Read YAML as kubectl does: 1.2 with the 1.1 words for booleans and octal numbers. The words are read only; what is written is
 * understood the same by both versions (`compat`).
 */
const booleanWords: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$/,
  identify: () => false,
  resolve: (text) => new Scalar(/^(?:y|on)/i.test(text)),
};
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  identify: () => false,
  resolve: (text) => Number.parseInt(text, 8),
};

export const PARSE_OPTIONS = {
  merge: true,
  // The library's own check compares every key with every other; `manifest-text.ts` has one that does not.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
  keepSourceTokens: false,
  customTags: (tags: Tags): Tags => [booleanWords, octal, ...tags],
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

export const TO_JS_OPTIONS: ToJSOptions = { maxAliasCount: 100 };

export const CREATE_OPTIONS: DocumentOptions & SchemaOptions & CreateNodeOptions = { compat: 'yaml-1.1', aliasDuplicateObjects: false, customTags: (tags: Tags): Tags => [booleanWords, octal, ...tags] };

/** Lines are never folded: a folded text is another one to most people's eyes. */
export const TO_STRING_OPTIONS: ToStringOptions = { lineWidth: 0, directives: null };

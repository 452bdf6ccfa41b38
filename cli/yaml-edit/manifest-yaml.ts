import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions, Tags } from 'yaml';
import { Scalar } from 'yaml';

/** Reads YAML as kubectl and the bridges do: 1.2, with the 1.1 words for true and false and its octal numbers. */
const booleanWords: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$/,
  identify: () => false,
  resolve: (text) => new Scalar(/^(?:y|on)/i.test(text)),
};
const octalNumbers: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  identify: () => false,
  resolve: (text) => Number.parseInt(text, 8),
};

export const MANIFEST_YAML = {
  merge: true,
  prettyErrors: false,
  logLevel: 'silent',
  customTags: (tags: Tags): Tags => [booleanWords, octalNumbers, ...tags],
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

/** Aliases that stand for more are no manifest but an attack on memory. */
export const MAX_ALIASES = 100;

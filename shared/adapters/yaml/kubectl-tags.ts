import type { ScalarTag, Tags } from 'yaml';
import { Scalar } from 'yaml';

/**
 * Read YAML as kubectl does: 1.2 with the 1.1 words for booleans and octal numbers. Whoever reads manifests goes by these, or novactl
 * and a bridge would read different objects from one file. The words are read only; nothing is written with them.
 */
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

/** For the library's `customTags`. */
export const withKubectlTags = (tags: Tags): Tags => [booleanWords, octalNumbers, ...tags];

import type { DocumentOptions, ParseOptions, SchemaOptions } from 'yaml';
import { withKubectlTags } from '../../shared/adapters/yaml/index.ts';

/** Reads YAML as the bridges do. */
export const MANIFEST_YAML = {
  merge: true,
  prettyErrors: false,
  logLevel: 'silent',
  customTags: withKubectlTags,
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

/** Aliases that stand for more are no manifest but an attack on memory. */
export const MAX_ALIASES = 100;

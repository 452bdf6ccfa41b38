import type { CreateNodeOptions, DocumentOptions, ParseOptions, SchemaOptions, ToJSOptions, ToStringOptions } from 'yaml';
import { withKubectlTags } from '../../shared/adapters/yaml/index.ts';

export const PARSE_OPTIONS = {
  merge: true,
  // The library's own check compares every key with every other; `manifest-text.ts` has one that does not.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
  keepSourceTokens: false,
  customTags: withKubectlTags,
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

export const TO_JS_OPTIONS: ToJSOptions = { maxAliasCount: 100 };

/** What is written is understood the same by YAML 1.1 and 1.2. */
export const CREATE_OPTIONS: DocumentOptions & SchemaOptions & CreateNodeOptions = { compat: 'yaml-1.1', aliasDuplicateObjects: false, customTags: withKubectlTags };

/** Lines are never folded: a folded text is another one to most people's eyes. */
export const TO_STRING_OPTIONS: ToStringOptions = { lineWidth: 0, directives: null };

import { WireError } from './wire-error.ts';

/** An enum of the contract and the words of the model for it, both ways. */
export interface EnumWords<Value extends number, Word extends string> {
  readonly toWire: (word: Word) => Value;
  /** @throws WireError for a value that is unset or not known here */
  readonly toModel: (field: string, value: Value) => Word;
  /** Undefined for a value that is unset or not known here. */
  readonly find: (value: Value) => Word | undefined;
}

/** The two directions of one table, whose completeness the type checker sees to. */
export function enumWords<Value extends number, Word extends string>(values: Readonly<Record<Word, Value>>): EnumWords<Value, Word> {
  const words = Object.keys(values) as Word[];
  const byValue = new Map<Value, Word>(words.map((word) => [values[word], word]));
  return {
    toWire: (word) => values[word],
    find: (value) => byValue.get(value),
    toModel: (field, value) => {
      const word = byValue.get(value);
      if (word === undefined) throw new WireError(field, value === 0 ? 'is missing' : `${value.toString()} is not known`, words.join(', '));
      return word;
    },
  };
}

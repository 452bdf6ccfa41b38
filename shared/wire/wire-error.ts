/** A message that is not what the contract says: which field, what was wrong, what is accepted. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly field: string;
  constructor(field: string, wrong: string, accepted: string, options?: ErrorOptions) {
    super(`${field}: ${wrong}; accepted is ${accepted}`, options);
    this.field = field;
  }
}

/** How much of a wrong value an error repeats: enough to find it, too little to be a payload. */
const SHOWN_CHARACTERS = 40;

/** A value as it stands in an error: short, on one line, quoted. */
export const shown = (value: string): string => JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);

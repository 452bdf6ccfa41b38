/** A certificate that proves nothing here, and why. Told to the caller: it can only mend what it knows. */
export class IdentityError extends Error { override readonly name = 'IdentityError' }

/** A place of the product, written wrongly. `find` must stand in the file exactly once. */
export interface Place { readonly file: string; readonly find: string; readonly replace: string }

/** A seeded bug: one place, or two where each alone makes up for the other. */
export interface Mutant extends Place { readonly name: string; readonly also?: Place }

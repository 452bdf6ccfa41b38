/** A seeded bug: one place of the product, written wrongly. `find` must stand in the file exactly once. */
export interface Mutant { readonly name: string; readonly file: string; readonly find: string; readonly replace: string }

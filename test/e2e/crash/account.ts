/** What a route says: each field holds the name of the save that wrote it. */
export type Fields = Readonly<Record<string, string>>;

/** One save of one field, by its name. */
interface Save { readonly name: string; readonly route: string; readonly field: string; readonly member: string }

/** The contents of all versions that a member lists of a route. */
export type Listed = readonly string[]

/** What of an account is not so; empty when all is well. */
export type Complaints = readonly string[];

/**
 * What became of every field that somebody saved. It knows nothing of dots or contexts: only what each author had in the file before
 * saving. A save is *covered* once a later author who had it there wrote over it, removed it, or deleted the route.
 */
export class Account {
  readonly #saves = new Map<string, Save>();
  readonly #covered = new Set<string>();
  /** `route field` of what somebody removed. */
  readonly #removed = new Set<string>();
  /** `route field` of what stood in a file that was saved while its member was down. */
  readonly #carried = new Set<string>();
  readonly #authors = new Map<string, Set<string>>();

  get size(): number { return this.#saves.size; }
  get covered(): number { return this.#covered.size; }

  /**
   * One save of a route: what stood there before (undefined: no file) and what after (undefined: deleted); and whether the member was
   * down, or up for less than a moment.
   */
  note(member: string, route: string, before: Fields | undefined, after: Fields | undefined, isDown: boolean): void {
    for (const [field, name] of Object.entries(before ?? {})) {
      if (after?.[field] === name) {
        if (isDown) this.#carried.add(`${route} ${field}`);
        continue;
      }
      this.#covered.add(name);
      if (after?.[field] === undefined) this.#removed.add(`${route} ${field}`);
    }
    for (const [field, name] of Object.entries(after ?? {})) if (before?.[field] !== name) this.#saves.set(name, { name, route, field, member });
    this.#authors.set(route, (this.#authors.get(route) ?? new Set()).add(member));
  }

  /**
   * Under `Merge`: every field that one author alone wrote is there; of those that several wrote, one that nobody who saw it wrote over.
   * A member that died before it reported what it had shown no longer knows which fields an edit of that changed, and takes all that
   * differ (docs/gaps.md): what others wrote or removed meanwhile may be as it was again. Nothing may be gone for it.
   */
  merged(route: string, shown: Fields | undefined, mayCarryOld: boolean): Complaints {
    const complaints: string[] = [];
    for (const [field, saves] of this.#fieldsOf(route)) {
      const open = saves.filter(({ name }) => !this.#covered.has(name)).map(({ name }) => name);
      const found = shown?.[field];
      const isGone = found === undefined && (open.length === 0 || (saves.length > 1 && this.#removed.has(`${route} ${field}`)));
      // A live version beside a delete carries what its author left alone, as old as it is, and what that had won over stays lost.
      const isOld = saves.some(({ name }) => name === found) && (mayCarryOld || this.#carried.has(`${route} ${field}`));
      if (!isGone && !isOld && (found === undefined || !open.includes(found))) complaints.push(`${route}.${field} is ${found ?? 'gone'}; nobody wrote over ${open.join(', ') || 'its removal'}`);
    }
    return complaints;
  }

  /** Under `LastWriterWins`: a save is missing only where somebody else wrote the same route. */
  lastWritten(route: string, shown: Fields | undefined): Complaints {
    if ((this.#authors.get(route)?.size ?? 0) > 1) return [];
    return [...this.#fieldsOf(route).values()].flat().filter(({ name, field }) => !this.#covered.has(name) && shown?.[field] !== name)
      .map(({ name, member }) => `${name} is missing from ${route}, which ${member} alone wrote`);
  }

  /** Begun by several who saw nothing, and never written after: each save is shown, or is listed with its content. */
  listed(route: string, shown: Fields | undefined, versions: Listed = []): Complaints {
    return [...this.#fieldsOf(route).values()].flat()
      .filter(({ name, field }) => !this.#covered.has(name) && shown?.[field] !== name && !versions.some((text) => text.includes(`"${name}"`)))
      .map(({ name, member }) => `${name}, saved at ${member} in ${route}, is neither shown nor listed`);
  }

  #fieldsOf(route: string): ReadonlyMap<string, readonly Save[]> {
    const fields = new Map<string, Save[]>();
    for (const save of this.#saves.values()) if (save.route === route) fields.set(save.field, [...(fields.get(save.field) ?? []), save]);
    return fields;
  }
}

/**
 * Looks that many ask for at once, each of which has to begin after it was asked for: whoever comes while one is under way shares the
 * next. A thousand objects that are found missing together cost a few looks and not a thousand.
 */
export class SharedLooks<T> {
  readonly #underWay = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  /** @param look what is seen under this name; carried out for the first of those who share it */
  ask(name: string, look: () => Promise<T>): Promise<T> {
    const next = this.#next.get(name);
    if (next !== undefined) return next;
    const current = this.#underWay.get(name);
    if (current === undefined) return this.#begin(name, look);
    const following = current.then(() => undefined, () => undefined).then(() => {
      this.#next.delete(name);
      return this.#begin(name, look);
    });
    this.#next.set(name, following);
    return following;
  }

  #begin(name: string, look: () => Promise<T>): Promise<T> {
    const begun = look().finally(() => { if (this.#underWay.get(name) === begun) this.#underWay.delete(name); });
    this.#underWay.set(name, begun);
    return begun;
  }
}

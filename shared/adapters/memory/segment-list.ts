import type { LogSegment } from '../../model/log.ts';

/** Segments of one log, ordered by `last` and then by `first`. */
export class SegmentList {
  readonly #segments: LogSegment[];

  constructor(segments: readonly LogSegment[] = []) { this.#segments = [...segments]; }

  /** Puts a segment in its place; one with the same range is replaced. */
  put(segment: LogSegment): void {
    const newest = this.#segments.at(-1);
    if (newest === undefined || newest.last < segment.last) { this.#segments.push(segment); return; }
    let at = this.#firstBeyond(segment.last - 1);
    while ((this.#segments[at]?.last ?? Infinity) === segment.last && (this.#segments[at]?.first ?? Infinity) < segment.first) at += 1;
    const standing = this.#segments[at];
    const isSame = standing?.first === segment.first && standing.last === segment.last;
    this.#segments.splice(at, isSame ? 1 : 0, segment);
  }

  /** Up to `limit` segments whose `last` is beyond `after`. */
  after(after: number, limit: number): readonly LogSegment[] {
    const from = this.#firstBeyond(after);
    return this.#segments.slice(from, from + limit);
  }

  get newest(): LogSegment | undefined { return this.#segments.at(-1); }

  /** Removes up to `limit` segments that lie wholly at or below `floor`. Returns how many. */
  dropBelow(floor: number, limit: number): number {
    return this.#segments.splice(0, Math.min(limit, this.#firstBeyond(floor))).length;
  }

  copy(): SegmentList { return new SegmentList(this.#segments); }

  /** The position of the first segment whose `last` is beyond `counter`. */
  #firstBeyond(counter: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.last ?? 0) > counter) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

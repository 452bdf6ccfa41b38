/** A request other than a watch. An admission webhook may take 30 s, and the API server 60 s for a list of a large kind. */
export const REQUEST_TIMEOUT_MS = 65_000;
/** Requests under way at once, watches aside: the API server's own fairness begins to queue a client well above that. */
export const REQUESTS_AT_ONCE = 32;
/** A busy API server (429, 503) says when to come again; a kind that was just defined answers its first list so. */
export const BUSY_RETRIES = 4;
export const BUSY_PAUSE_MS = 1000;
export const LONGEST_BUSY_PAUSE_MS = 5000;
/** One answer: a page of 500 objects of 64 KB, and as much again. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Objects of one page of a list: 5 MB at 10 KB each. */
export const LIST_PAGE = 500;

/** What the API server is asked to keep a watch open for; a quiet one is begun anew then, at the price of one request. */
export const WATCH_SECONDS = 55;
/** A watch that has not ended by itself this long after its time has a dead socket under it. */
export const WATCH_GRACE_MS = 5000;
export const WATCH_BACKOFF = { firstMs: 100, capMs: 10_000 } as const;
/** One event: an object's metadata, at most 256 KB of annotations and as much of managed fields. */
export const MAX_EVENT_BYTES = 8 * 1024 * 1024;

/** What was last seen of objects, by key: about 300 bytes each. Forgetting one costs a delete that is taken for "not applied yet". */
export const LAST_SEEN_KEYS = 50_000;
/** Objects that are kept as they were last seen, in bytes of JSON: those of a page, at 8 KB each. Forgetting one costs a look. */
export const KNOWN_BYTES = 4 * 1024 * 1024;
/** Which kinds are served is asked again after this, besides whenever a definition changes. */
export const DISCOVERY_LIFE_MS = 60_000;

/** Events under the same reason and message are counted up instead of written anew. */
export const REMEMBERED_EVENTS = 500;
export const EVENTS_IN_FLIGHT = 8;

/** A lease that nobody renewed for this long is free; with a look every 2 s a hand-over takes 12 s at most. */
export const LEASE_DURATION_S = 10;
export const LEASE_RENEW_MS = 2000;
/** Who could not renew for this long stops: before anybody else may take the lease. */
export const LEASE_GIVE_UP_MS = 7000;
/** How far the clocks of two API servers of one cluster may be apart, where one's time of a lease is held against the other's of an object. */
export const CLOCK_MARGIN_MS = 2000;
/** After a definition came, went or changed, what is served is looked at again at these distances: the server takes seconds to follow. */
export const DEFINITION_LOOKS_MS: readonly number[] = [200, 500, 1000, 2000, 4000];

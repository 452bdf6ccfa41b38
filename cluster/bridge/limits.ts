import { MAX_COMMIT_BYTES, MAX_COMMIT_ROWS } from '../../shared/ports/store.ts';

/** Observations in one commit: what one transaction of the region takes. */
export const COMMIT_OBSERVATIONS = MAX_COMMIT_ROWS;
/** Content in one commit; a region's transaction takes a little more, and a function's request 6 MB. */
export const COMMIT_BYTES = MAX_COMMIT_BYTES - 512 * 1024;
/** Commits under way at once: enough to fill the line, few enough that a region's conditions seldom fail. */
export const COMMITS_IN_FLIGHT = 4;
/** A commit waits this long for others to join it, where others are in work: below what a person notices, above what an editor's save of several files takes apart. */
export const COMMIT_GATHER_MS = 5;
/**
 * Between the commit of a lone edit and the token that it gets here: the other clusters come first, which often share processors with this
 * one, and edits that follow at once need one token together. Well below what it takes to export an object and put it back.
 */
export const TOKEN_REST_MS = 25;
/** A session that has expired is renewed this often for one commit. */
export const SESSION_RENEWALS = 2;

/** Resources being read, sent or written at once. More than one commit holds, so that commits fill up. */
export const KEYS_IN_WORK = 128;
/** Changed resources waiting for their turn. Beyond that they are forgotten and everything is compared. */
export const DIRTY_KEYS = 20_000;
/** Objects of one comparison: about 200 KB on the wire. */
export const COMPARE_OBJECTS = 500;
/** Targets of one pull. */
export const PULL_TARGETS = 200;
/** Times one resource is read again because it changed under our hands, before it becomes an exception. */
export const SETTLE_ROUNDS = 8;
/** Resources whose last settled state is remembered, so that echoes are not sent. Forgetting one costs one needless observation. */
export const SETTLED_KEYS = 50_000;

/** Contents that were shown of late, in characters: 4,000 objects at 1 KB. Forgetting one costs a question to the region when it is edited. */
export const SHOWN_BYTES = 4 * 1024 * 1024;

/** So often, and no person does that: an object says what it said before, each time after it was shown something else. */
export const FLAP_TIMES = 5;
/** Within this time: tools look every three minutes, the slow ones. */
export const FLAP_WINDOW_MS = 60 * 60_000;
/** Then it is left alone for this long: the two go on a hundred times a day at most, and a tool that was told better is noticed soon. */
export const FLAP_CALM_MS = 10 * 60_000;
/** Objects sent of late, of which it is known what they said. */
export const FLAP_KEYS = 10_000;
/** Fields named in one message. */
export const FLAP_FIELDS = 5;

/** Resources that cannot be settled. Beyond that the bridge stops following: each has to be listed before `applied` may move. */
export const EXCEPTIONS = 20_000;
/** Exceptions in one report. */
export const REPORT_EXCEPTIONS = 500;
/** Contents kept for retrying a refused write; without it the region is asked again. */
export const KEPT_TARGET_BYTES = 16 * 1024 * 1024;
/**
 * A region or cluster that does not answer is everybody's trouble and soon over: only a resource that has failed this often by itself
 * is listed for it.
 */
export const UNLISTED_FAILURES = 2;
export const EXCEPTION_BACKOFF = { firstMs: 1000, capMs: 30_000 } as const;
/** How often exceptions are looked through for one that is due. */
export const RETRY_TICK_MS = 250;

/** The region is asked again after this, with jitter. */
export const REGION_BACKOFF = { firstMs: 250, capMs: 15_000 } as const;
/** Every call to the region but a waiting pull; a function's own limit is 30 s. */
export const CALL_TIMEOUT_MS = 30_000;
/** A waiting pull has this long beyond its wait. */
export const PULL_GRACE_MS = 10_000;

/** The federation object is sent again after this even if nothing changed: the hub's spec, a pause elsewhere, a region that was restored. */
export const FEDERATION_RESEND_MS = 30_000;
export const STATUS_INTERVAL_MS = 5000;
/** A status that was not written so often in a row stands still: half a minute, in which a region is back from a deploy. */
export const STATUS_FAILURES_TOLD = 6;
/** What `stop` gives to work under way. */
export const STOP_GRACE_MS = 5000;

/**
 * Bounds of what travels. One that is below what a member can commit would make its log unreadable for the others, so those on
 * what users control (contents, fields, names) are at or above the limits of the model and the replica.
 */

/**
 * A message before compression and after decompression: one content of the greatest size and 256 KiB around it. In base64 this is
 * 5.7 MiB, and a Lambda function takes and gives 6 MB (AWS Lambda, "Quotas").
 */
export const MAX_MESSAGE_BYTES = 4.25 * 1024 * 1024;
/** A content; the replica commits none that is longer. etcd takes objects up to 1.5 MiB by default. */
export const MAX_CONTENT_BYTES = 4 * 1024 * 1024;
/** Nesting of a content. Those that walk it recur per level; the definitions of our kinds nest 15 deep. */
export const MAX_CONTENT_DEPTH = 1000;
/** Log names in one message: incarnations of all members ever, in all contexts of a page. */
export const MAX_LOGS = 10_000;
/** Entries of one vector. A member adds one per lost state. */
export const MAX_VECTOR_ENTRIES = 4096;
/** Distinct vectors in one message: a few per row of a page. */
export const MAX_VECTORS = 50_000;
/** Members of a federation, and members named in one message. */
export const MAX_MEMBERS = 1000;
/** Log entries, rows or keys in one message. A page is asked for by at most `sync.batchSize`, whose maximum is 1,000. */
export const MAX_ENTRIES = 10_000;
/** Versions of one row: concurrent writers of one resource. */
export const MAX_SIBLINGS = 1000;
/** Fields of one version whose writer is told; the model keeps 1,000 per edit, a merge the union of its versions. */
export const MAX_FIELD_PATHS = 100_000;
/** Objects in one request of a bridge. */
export const MAX_OBJECTS = 10_000;
/** Entries of one bucket of the Merkle index: 4,096 buckets of this many are 40 million rows. */
export const MAX_BUCKET_ENTRIES = 10_000;
/** Conditions, exceptions, resource types, namespaces and the like. */
export const MAX_ITEMS = 10_000;
/** A request id as a segment keeps it: wider than what a caller may choose, because a region makes some of its own. */
export const MAX_REQUEST_ID_CHARACTERS = 1024;
/** A federation object, a spec or a status as JSON text. */
export const MAX_DOCUMENT_CHARACTERS = 1024 * 1024;
/** A sentence or a reason. Kubernetes allows 32,768 for a condition's message. */
export const MAX_TEXT_CHARACTERS = 32_768;
/** The end of the year 9999: times beyond it cannot be printed. */
export const MAX_TIME_MS = 253_402_300_799_999;
/** A clock's counter within a millisecond. Far from 2^53, so that a successor always exists. */
export const MAX_STAMP_COUNTER = 2 ** 32 - 1;

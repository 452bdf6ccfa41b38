/** What a person keeps in one file; etcd takes 1.5 MB an object. Larger files are reported and not read. */
export const FILE_BYTES = 1024 * 1024;
/** Beyond this the folder is held: a list that is not complete must not be taken for deletions. */
export const FILES = 20_000;
/** Folders below the root. */
export const DEPTH = 8;
/** A file counts as saved when size, times and inode have stayed for this long: longer than an editor pauses in the middle of writing. */
export const QUIET_MS = 40;
/** How often files that are not quiet yet are looked at. */
export const QUIET_TICK_MS = 10;
/** Deletions are taken only when no other file has vanished for a while, so that removing the whole folder is seen as that; at most this long. */
export const VANISH_PATIENCE_MS = 2000;
/** A folder without its hidden file is begun anew as another cluster only when it has been without for this long: it may be on its way out as a whole. */
export const LOST_PATIENCE_MS = 3000;
/** Everything is looked at this often, because watch events may be lost. */
export const RESCAN_MS = 2000;
/** A rescan may take this share of the time at most; in a large folder it comes less often. */
export const RESCAN_SHARE = 0.05;
/** Before something is created or called missing, the last rescan must not be older than this. */
export const FRESH_MS = 200;
/** What needs no durability before an answer (tokens, finished writes) is saved after this. */
export const SAVE_SOON_MS = 250;
/** Nested values in a manifest; nothing Kubernetes takes is deeper. */
export const VALUE_DEPTH = 100;
/** A file written under our hands is read again this often. */
export const WRITE_ATTEMPTS = 8;
/** A file that we created this short a time ago gives way to one of the user's that holds the same object: its author cannot have seen ours. */
export const GIVE_WAY_MS = 1000;
/** Objects in one page of a list. */
export const LIST_PAGE = 500;
/** Entries of what was done, in the status file. */
export const EVENTS = 50;
/** Times a file on the move is waited for before it is called unreadable for now. */
export const SETTLE_LOOKS = 8;

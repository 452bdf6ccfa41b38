/** Read and write units of one piece of work, on both sides where two members do it. */
export interface Units { readonly reads: number; readonly writes: number }

/** The pieces of work that a region's bill is made of. */
export const PIECES = ['commit', 'take', 'pull', 'answerPull', 'beat', 'answerBeat', 'health', 'compare', 'answerCompare', 'house', 'look'] as const;
export type Piece = (typeof PIECES)[number];
export type Usage = Readonly<Record<Piece, Units>>;

/** What each piece is. */
export const PIECE_IS: Readonly<Record<Piece, string>> = {
  commit: 'a commit of one change of about 1 KB',
  take: 'taking that in at a peer, by push',
  pull: '`sync` with one peer, nothing new',
  answerPull: 'the peer’s answer to it, a second or more after the last',
  beat: 'a heartbeat, at the caller',
  answerBeat: 'the same at who is called',
  health: 'a look at how the federation stands',
  compare: '`anti-entropy` with one peer, no difference',
  answerCompare: 'the peer’s answer to it',
  house: '`garbage-collect`, nothing to do',
  look: 'a look of a bridge that waits, nothing new',
};

/** As `npm run bench -- --only costs` measured it on the DynamoDB emulator, which counts as AWS does. */
export const RECORDED: Usage = {
  commit: { reads: 11, writes: 6 },
  take: { reads: 15.5, writes: 5 },
  pull: { reads: 6, writes: 1 },
  answerPull: { reads: 3, writes: 0 },
  beat: { reads: 12.5, writes: 1 },
  answerBeat: { reads: 12.5, writes: 1 },
  health: { reads: 16, writes: 0 },
  compare: { reads: 25, writes: 0 },
  answerCompare: { reads: 26, writes: 0 },
  house: { reads: 51.5, writes: 1 },
  look: { reads: 3, writes: 0 },
};

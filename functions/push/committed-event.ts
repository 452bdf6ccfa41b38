/** The event of a commit is not one. It will not be another time, so it ends among the dead letters. */
export class CommittedEventError extends Error { override readonly name = 'CommittedEventError' }

/** What a commit's event says. @throws CommittedEventError for what is none */
export function commitOf(detail: Readonly<Record<string, unknown>> = {}): { readonly head: number; readonly changes: number } {
  const { head, changes } = detail;
  if (!isCount(head) || !isCount(changes)) throw new CommittedEventError('detail.head and detail.changes of a Committed event: expected whole numbers from 1 on');
  return { head, changes };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

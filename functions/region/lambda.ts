/** What of Lambda's context the functions use. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}

export type LambdaHandler<Event, Answer> = (event: Event, context: LambdaContext) => Promise<Answer>;

/** What a consumer of a queue or a stream could not take; the rest is done. */
export interface BatchAnswer { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }

/** Time kept for what comes after the work: noting how it ended, answering. */
const MARGIN_MS = 1000;

/** Ends when the invocation's time is nearly over. */
export const deadlineOf = (context: LambdaContext, marginMs = MARGIN_MS): AbortSignal =>
  AbortSignal.timeout(Math.max(1, Math.floor(context.getRemainingTimeInMillis() - marginMs)));

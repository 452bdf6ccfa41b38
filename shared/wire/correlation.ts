import { AsyncLocalStorage } from 'node:async_hooks';

/** By this header one piece of work is found in the logs of everybody who took part in it. */
export const CORRELATION_HEADER = 'x-correlation-id';

const ID = /^[A-Za-z0-9._-]{1,64}$/;
const current = new AsyncLocalStorage<string>();

/** Whether a text from elsewhere may stand as a correlation id: it goes into logs and headers. */
export const isCorrelationId = (text: string | null | undefined): text is string => typeof text === 'string' && ID.test(text);

/** Runs `work`, and all that it waits for, under a correlation id; calls to other services made by it carry the id on. */
export const withCorrelation = <T>(id: string, work: () => T): T => current.run(id, work);

/** The id of the work that is going on, if it has one. */
export const currentCorrelation = (): string | undefined => current.getStore();

import type { CallError } from '../wire/call-error.ts';
import { httpStatusOf, writeCallError } from '../wire/call-error.ts';
import { JSON_TYPE } from '../wire/connect-headers.ts';
import type { HttpAnswer } from './http-call.ts';

/** An error as Connect answers it; never compressed, so that whoever stands in the way can read it. */
export const errorAnswer = (error: CallError, status: number = httpStatusOf(error.code)): HttpAnswer => ({ status, headers: { 'content-type': JSON_TYPE }, body: writeCallError(error) });

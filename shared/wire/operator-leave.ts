import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LeaveObstacle as WireObstacle, LeaveRequest as WireRequest, LeaveRequestSchema, LeaveResponse as WireResponse, LeaveResponseSchema } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import { CleanUpState } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import type { LeaveAnswer, LeaveObstacle, LeaveRequest } from '../ports/operator.ts';
import { enumWords } from './enums.ts';
import { MAX_MEMBERS } from './limits.ts';
import { requireKey, requireMember } from './names.ts';
import { big, cleanText, requireList, requireNumber, requireText } from './values.ts';
import { WireError } from './wire-error.ts';

const states = enumWords<CleanUpState, LeaveAnswer['cleanUp']>({ 'not-asked': CleanUpState.NOT_ASKED, asked: CleanUpState.ASKED, done: CleanUpState.DONE });
const REASONS: readonly LeaveObstacle['reason'][] = ['NotHeard', 'Recovering', 'NotLevel', 'NotSent', 'IsHub'];
/** One for each member, and a few. */
const MAX_OBSTACLES = 2 * MAX_MEMBERS;

export const writeLeaveRequest = ({ confirm = '', force, cleanUp }: LeaveRequest): MessageInitShape<typeof LeaveRequestSchema> => ({ confirm, force, cleanUp });

/** @throws WireError */
export const readLeaveRequest = ({ confirm, force, cleanUp }: Pick<WireRequest, 'confirm' | 'force' | 'cleanUp'>): LeaveRequest => ({ confirm: confirm === '' ? undefined : requireMember('confirm', confirm), force, cleanUp });

export const writeLeaveResponse = ({ left, obstacles, cleanUp, fromOthers, examples, own }: LeaveAnswer): MessageInitShape<typeof LeaveResponseSchema> => ({
  left,
  waitingFor: obstacles.flatMap(({ member }) => (member === undefined ? [] : [member])),
  obstacles: obstacles.map(({ reason, member, message }) => ({ reason, message: cleanText(message), ...(member !== undefined && { member }) })),
  cleanUp: states.toWire(cleanUp),
  fromOthers: big(fromOthers),
  examples: [...examples],
  own: big(own),
});

/** @throws WireError */
export const readLeaveResponse = (message: WireResponse): LeaveAnswer => ({
  left: message.left,
  obstacles: requireList('obstacles', message.obstacles, MAX_OBSTACLES).map((obstacle, at) => readObstacle(`obstacles[${at.toString()}]`, obstacle)),
  cleanUp: states.toModel('clean_up', message.cleanUp),
  fromOthers: requireNumber('from_others', message.fromOthers),
  examples: requireList('examples', message.examples).map((key, at) => requireKey(`examples[${at.toString()}]`, key)),
  own: requireNumber('own', message.own),
});

function readObstacle(field: string, { reason, member, message }: WireObstacle): LeaveObstacle {
  const known = REASONS.find((one) => one === reason);
  if (known === undefined) throw new WireError(`${field}.reason`, `is ${JSON.stringify(reason)}`, REASONS.join(', '));
  return { reason: known, message: requireText(`${field}.message`, message), ...(member !== undefined && { member: requireMember(`${field}.member`, member) }) };
}

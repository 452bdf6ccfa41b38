import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Hold as WireHold, HoldSchema } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import type { Direction } from '../model/mass-delete.ts';
import { DIRECTIONS } from '../model/mass-delete.ts';
import type { Hold } from '../ports/operator.ts';
import { requireKey } from './names.ts';
import { big, cleanText, requireList, requireMatch, requireNumber, requireText, requireTimeMs } from './values.ts';
import { WireError } from './wire-error.ts';

const HOLD_ID = /^(up|down)-[0-9a-f]{1,32}$/;

/** The name of a hold, as the status lists it. @throws WireError */
export const requireHoldId = (field: string, text: string): string => requireMatch(field, text, HOLD_ID, 'a hold as novactl federation status lists it, such as up-1a2b3c');

export const writeHold = ({ id, reason, message, direction, sinceMs, resources, examples }: Hold): MessageInitShape<typeof HoldSchema> =>
  ({ id, reason, message: cleanText(message), direction, sinceMs: big(sinceMs), resources: big(resources), examples: [...examples] });

/** @throws WireError */
export const readHold = (field: string, hold: WireHold): Hold => ({
  id: requireHoldId(`${field}.id`, hold.id),
  reason: requireText(`${field}.reason`, hold.reason),
  message: requireText(`${field}.message`, hold.message),
  direction: requireDirection(`${field}.direction`, hold.direction),
  sinceMs: requireTimeMs(`${field}.since_ms`, hold.sinceMs),
  resources: requireNumber(`${field}.resources`, hold.resources),
  examples: requireList(`${field}.examples`, hold.examples).map((key, at) => requireKey(`${field}.examples[${at.toString()}]`, key)),
});

function requireDirection(field: string, text: string): Direction {
  const direction = DIRECTIONS.find((one) => one === text);
  if (direction === undefined) throw new WireError(field, `is ${JSON.stringify(text)}`, DIRECTIONS.join(' or '));
  return direction;
}

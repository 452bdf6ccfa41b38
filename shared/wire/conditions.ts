import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Condition as WireCondition, ConditionSchema } from '../../proto/gen/novaedge/federation/v1/condition_pb.ts';
import { ConditionStatus } from '../../proto/gen/novaedge/federation/v1/condition_pb.ts';
import type { Condition } from '../ports/region.ts';
import { enumWords } from './enums.ts';
import { cleanText, requireList, requireText } from './values.ts';

const statuses = enumWords<ConditionStatus, Condition['status']>({ True: ConditionStatus.TRUE, False: ConditionStatus.FALSE, Unknown: ConditionStatus.UNKNOWN });

export const writeConditions = (conditions: readonly Condition[]): MessageInitShape<typeof ConditionSchema>[] =>
  conditions.map(({ type, status, reason, message }) => ({ type: cleanText(type), status: statuses.toWire(status), reason: cleanText(reason), message: cleanText(message) }));

/** @throws WireError */
export const readConditions = (field: string, conditions: readonly WireCondition[]): readonly Condition[] =>
  requireList(field, conditions).map(({ type, status, reason, message }, at) => ({
    type: requireText(`${field}[${at.toString()}].type`, type),
    status: statuses.toModel(`${field}[${at.toString()}].status`, status),
    reason: requireText(`${field}[${at.toString()}].reason`, reason),
    message: requireText(`${field}[${at.toString()}].message`, message),
  }));

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Denied, DeniedSchema } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import { parseDenyEntry } from '../model/deny-entry.ts';
import type { DeniedInfo } from '../ports/operator.ts';
import { big, cleanText, requireText, requireTimeMs } from './values.ts';
import { WireError } from './wire-error.ts';

export const writeDenied = ({ entry, reason, sinceMs }: DeniedInfo): MessageInitShape<typeof DeniedSchema> => ({ entry, reason: cleanText(reason), sinceMs: big(sinceMs) });

/** @throws WireError */
export const readDenied = (field: string, { entry, reason, sinceMs }: Denied): DeniedInfo => ({
  entry: requireEntry(`${field}.entry`, entry), reason: requireText(`${field}.reason`, reason), sinceMs: requireTimeMs(`${field}.since_ms`, sinceMs),
});

function requireEntry(field: string, text: string): string {
  try {
    return parseDenyEntry(text);
  } catch {
    throw new WireError(field, 'names no certificate', 'a name, a serial number or a fingerprint');
  }
}

import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create, fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { PACKAGE } from '../wire/codec/message-type.ts';
import { SERVICES } from './methods.ts';
import type { JsonCoding } from './unary-server.ts';

const schemas = new Map<string, DescMessage>(Object.values(SERVICES).flatMap(({ methods }) => methods.flatMap(({ input, output }) => [[input.typeName, input], [output.typeName, output]] as const)));

/**
 * Messages in JSON, by the library and its descriptors: for programs whose size does not matter. Fields that are not known here are
 * ignored, as they are in binary.
 */
export const jsonCoding: JsonCoding = {
  read: ({ name }, bytes): MessageShape<DescMessage> => fromJsonString(schemaOf(name), Buffer.from(bytes).toString(), { ignoreUnknownFields: true }),
  write: ({ name }, init): Uint8Array => Buffer.from(toJsonString(schemaOf(name), create(schemaOf(name), init as MessageInitShape<DescMessage>))),
};

function schemaOf(name: string): DescMessage {
  const schema = schemas.get(PACKAGE + name);
  if (schema === undefined) throw new TypeError(`${name} is no request or answer of methods.ts`);
  return schema;
}

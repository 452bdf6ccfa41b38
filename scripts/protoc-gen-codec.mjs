// A plugin of buf: for each .proto file a file of tables, by which shared/wire/codec reads and writes its messages. What a function
// brings along of the contract is a line per field then, in place of descriptors and the runtime that interprets them
// (docs/decisions/0012). The messages' shapes are those of protoc-gen-es, of which only types are imported.
import { ScalarType } from '@bufbuild/protobuf';
import { createEcmaScriptPlugin, runNodeJs } from '@bufbuild/protoplugin';
import { PACKAGE, SCALARS } from '../shared/wire/codec/message-type.ts';

/** Where the tables' own types stand, from proto/gen. */
const TYPES = '../../shared/wire/codec/message-type.js';
const LETTERS = new Map([
  [ScalarType.STRING, SCALARS.string], [ScalarType.BYTES, SCALARS.bytes], [ScalarType.BOOL, SCALARS.bool], [ScalarType.UINT32, SCALARS.uint32], [ScalarType.INT32, SCALARS.int32], [ScalarType.UINT64, SCALARS.uint64],
]);

function generateTs(schema) {
  for (const file of schema.files) {
    const out = schema.generateFile(`${file.name.replace(/\.proto$/, '')}_codec.ts`);
    out.preamble(file);
    for (const message of schema.typesInFile(file)) if (message.kind === 'message' && !isMapEntry(message)) printMessage(out, message);
    for (const service of file.services) printService(out, service);
  }
}

const isMapEntry = (message) => message.proto.options?.mapEntry === true;

function printMessage(out, message) {
  out.print('export const ', nameOf(out, message), ': ', out.import('MessageType', TYPES, true), '<typeof ', out.importSchema(message, true), '> = {');
  out.print(`  name: ${quoted(nameIn(message.typeName))},`);
  const fields = [...message.fields].sort((a, b) => a.number - b.number);
  if (fields.length === 0) out.print('  fields: () => [],');
  else out.print('  fields: () => [');
  for (const field of fields) out.print('    [', field.number, `, ${quoted(field.localName)}, `, typeOf(out, field), presenceOf(field), '],');
  if (fields.length > 0) out.print('  ],');
  out.print('};');
  out.print();
}

/** Its methods one by one too, so that a program that offers two of them holds the messages of no others. */
function printService(out, service) {
  const methodsOf = [out.import('MethodsOf', TYPES, true), `<typeof import('./${leafOf(service.file)}_pb.ts').${service.name}>`];
  for (const method of service.methods) {
    if (method.methodKind !== 'unary') throw new Error(`${method}: streams have no codec here; shared/wire/codec/message-type.ts says what has`);
    out.print('export const ', constOf(method), ': ', out.import('MethodTypes', TYPES, true), '<', ...methodsOf, `>['${method.localName}'] = { name: ${quoted(method.name)}, input: `, codecOf(out, method.input), ', output: ', codecOf(out, method.output), ' };');
    out.print();
  }
  out.print('export const ', service.name, ': ', out.import('ServiceType', TYPES, true), '<', ...methodsOf, '> = {');
  out.print(`  name: ${quoted(nameIn(service.typeName))},`);
  out.print('  methods: {');
  for (const method of service.methods) out.print(`    ${method.localName}: ${constOf(method)},`);
  out.print('  },');
  out.print('};');
}

const constOf = (method) => `${method.parent.name}${method.name}`;

/** The type of a field, of an item of a list, or of a value of a map. */
function typeOf(out, field) {
  if (field.enum !== undefined) return quoted(enumOf(field));
  if (field.message !== undefined) return codecOf(out, field.message);
  const scalar = LETTERS.get(field.scalar);
  if (scalar === undefined || field.longAsString === true) throw new Error(`${field}: fields of this type have no codec here; add it to shared/wire/codec`);
  return quoted(scalar);
}

function enumOf(field) {
  if (!field.enum.open) throw new Error(`${field}: closed enums have no codec here`);
  return SCALARS.int32;
}

function presenceOf(field) {
  if (field.oneof !== undefined) return `, '|', ${quoted(field.oneof.localName)}`;
  if (field.fieldKind === 'map') {
    if (field.mapKey !== ScalarType.STRING || field.mapKind !== 'scalar') throw new Error(`${field}: maps have a codec here from texts to scalars only`);
    return ', \'#\'';
  }
  if (field.fieldKind === 'list') {
    if (field.listKind !== 'message' && field.packed !== isPackable(field)) throw new Error(`${field}: lists are packed here as proto3 does by itself`);
    return ', \'*\'';
  }
  // IMPLICIT is 2 in google.protobuf.FeatureSet.FieldPresence.
  return field.fieldKind === 'message' || field.presence === 2 ? '' : ', \'?\'';
}

const isPackable = (field) => field.listKind === 'enum' || (field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES);

/** A table of this file or another one's. */
function codecOf(out, message) {
  return out.import(nameOf(out, message), `./${message.file.name}_codec.js`);
}

const leafOf = (file) => file.name.slice(file.name.lastIndexOf('/') + 1);

/** Named as protoc-gen-es names the message's type. */
const nameOf = (out, message) => out.importShape(message).name;

function nameIn(typeName) {
  if (!typeName.startsWith(PACKAGE)) throw new Error(`${typeName} is not of the package ${PACKAGE}, the only one that has a codec here`);
  return typeName.slice(PACKAGE.length);
}

const quoted = (text) => `'${text}'`;

runNodeJs(createEcmaScriptPlugin({ name: 'protoc-gen-codec', version: 'v1', generateTs }));

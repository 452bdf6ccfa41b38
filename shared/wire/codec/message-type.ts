import type { DescMessage } from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';

/*
 * What the tables of proto/gen/*_codec.ts are: data, so that a bundle holds those of the messages it uses and nothing of the others.
 * scripts/protoc-gen-codec.mjs writes them, and refuses what these types cannot say.
 */

/** The package of the contract; names of messages and services stand in it. */
export const PACKAGE = 'novaedge.federation.v1.';

/** The scalars of the contract, by a letter each, since every byte of a table is in the functions: enums are open, as proto3 has them, any int32. */
export type Scalar = (typeof SCALARS)[keyof typeof SCALARS];
export const SCALARS = { string: 's', bytes: 'y', bool: 'b', uint32: 'u', int32: 'i', uint64: 'U' } as const;

/**
 * How often a field may be there. Left out: once, and its zero is not written; a message is there or not. `?`: optional, its zero is
 * written. `*`: a list. `#`: a map from texts to values of the field's type. `|`: one of a `oneof`.
 */
export type Presence = '?' | '*' | '#' | '|';

/** One field: its number, its name in JavaScript, its type, and for one of a `oneof` that one's name. */
export type Field = readonly [number: number, name: string, type: Scalar | MessageType, presence?: Presence, oneof?: string];

/** A message of the contract. `Desc` is what protoc-gen-es calls its schema, which gives it its shapes. */
export interface MessageType<Desc extends DescMessage = DescMessage> {
  /** Within the package. */
  readonly name: string;
  /** By their numbers, ascending. A function, because messages may hold each other. */
  readonly fields: () => readonly Field[];
  /** Never there: the shapes, for the type checker. */
  readonly desc?: Desc;
}

/** A method of a service, unary as all are here. */
export interface MethodType<Input extends DescMessage = DescMessage, Output extends DescMessage = DescMessage> {
  readonly name: string;
  readonly input: MessageType<Input>;
  readonly output: MessageType<Output>;
}

/** The methods of a service, by their names in JavaScript. */
export type MethodTypes<Methods extends GenServiceMethods> = { readonly [Name in keyof Methods]: MethodType<Methods[Name]['input'], Methods[Name]['output']> };

/** A service of the contract. `Desc` is what protoc-gen-es calls by the service's name. */
export interface ServiceType<Methods extends GenServiceMethods = GenServiceMethods> {
  /** Within the package. */
  readonly name: string;
  readonly methods: MethodTypes<Methods>;
}

/** The methods of a service that protoc-gen-es has generated. */
export type MethodsOf<Service> = Service extends GenService<infer Methods> ? Methods : never;

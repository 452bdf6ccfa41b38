// eslint-disable-next-line no-restricted-imports -- only tests import this file
import fc from 'fast-check';
import type { Json, JsonObject } from './content.ts';
import type { LogName, ResourceKey } from './ids.ts';
import { asIncarnation, asMember } from './ids.ts';
import type { Row } from './row.ts';
import { absentRow } from './row.ts';
import type { Stamp } from './stamp.ts';
import type { Step } from './toy-federation.ts';
import { KEYS, ToyFederation } from './toy-federation.ts';
import type { VersionVector } from './version-vector.ts';

/**
 * fast-check arbitraries for the model. States of rows are not made up: they are those that a random program of a small
 * federation comes to, because only these keep what the rules build on (contexts cover siblings, equal dots are equal versions).
 */

const logs: readonly LogName[] = ['ia', 'ib', 'ic', 'id'].map((name) => asIncarnation(name.padEnd(11, 'x')));

/** Version vectors over four logs, with small counters so that they often meet. */
export const vectors: fc.Arbitrary<VersionVector> = fc
  .array(fc.tuple(fc.constantFrom(...logs), fc.integer({ min: 1, max: 4 })), { maxLength: 4 })
  .map((entries) => new Map(entries));

/** Stamps that are often equal in time. */
export const stamps: fc.Arbitrary<Stamp> = fc.record({
  ms: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_002 })),
  counter: fc.integer({ min: 0, max: 2 }),
  member: fc.constantFrom('a', 'b').map(asMember),
});

/** Field names that have to be escaped, that look like something else, or that JavaScript treats in a way of its own. */
const oddNames = fc.constantFrom(
  '', '~', '~0', '~1', '~2x', '/', 'a/b', '[', '["a"]', '0', '10', '-1', '__proto__', 'constructor', 'toString', 'name', 'spec', 'spec/listeners', 'é', '\u0000',
);

/** Any JSON value, odd names included. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1.5, 1e21, '', 'text'),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.array(tie('value'), { maxLength: 3 }),
    objectOf(tie('value')),
  ),
})).value;

/** Any JSON object, odd names included. */
export const jsonObjects: fc.Arbitrary<JsonObject> = objectOf(json);

function objectOf(value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(fc.oneof(oddNames, fc.string({ maxLength: 3 })), value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}

const hosts = fc.constantFrom('a.example.com', 'b.example.com');
const optionally = <T extends Json>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const without = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));

/** Federated parts of a ProxyRoute, few enough that equal ones turn up. */
export const routes: fc.Arbitrary<JsonObject> = fc
  .record({
    hostnames: optionally(fc.array(hosts, { maxLength: 2 })),
    timeout: optionally(fc.constantFrom('1s', '2s')),
    backend: optionally(fc.constantFrom('one', 'two')),
    parents: optionally(fc.uniqueArray(fc.constantFrom('edge', 'inner'), { maxLength: 2 })),
  })
  .map(({ hostnames, timeout, backend, parents }) => ({
    apiVersion: 'novaedge.io/v1alpha1',
    kind: 'ProxyRoute',
    spec: without({
      hostnames,
      parentRefs: parents?.map((name) => ({ name })),
      rules: backend === undefined ? undefined : [{ backendRefs: [{ name: backend }], timeout: '1s' }],
      limits: timeout === undefined ? undefined : { requestTimeout: timeout },
    }),
  }));

/** Listeners of a ProxyGateway, whose items have a key; in any order. */
const listeners = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('http', 'https', 'tcp'), port: fc.constantFrom(80, 443), protocol: fc.constantFrom('HTTP', 'HTTPS') }),
  { maxLength: 3, selector: ({ name }) => name },
);

/** Federated parts of a ProxyGateway. */
export const gateways: fc.Arbitrary<JsonObject> = fc
  .record({ listeners: optionally(listeners.map((items): Json => items)), compression: optionally(fc.boolean()) })
  .map(({ listeners: items, compression }) => ({
    apiVersion: 'novaedge.io/v1alpha1',
    kind: 'ProxyGateway',
    spec: without({ listeners: items, compression: compression === undefined ? undefined : { enabled: compression } }),
  }));

const number = fc.nat({ max: 11 });
/** Mostly what is shown now, often something older. */
const staleness = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 6 }) });
/** Clocks that go wrong by more than a step. */
const clockMs = fc.constantFrom(0, 0, 0, -500, 500);
/** Deletes are frequent: schedules without them hide every mistake with absent rows. */
const contents = fc.oneof({ weight: 3, arbitrary: fc.oneof(routes, gateways) }, { weight: 2, arbitrary: fc.constant('deleted' as const) });

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), at: number, key: number, as: fc.constantFrom('cluster' as const, 'cluster' as const, 'operator' as const), shown: staleness, content: contents, clockMs }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pull' as const), at: number, from: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), at: number, key: number }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deliver' as const), at: number, packet: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('level' as const), at: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('collect' as const), at: number }) },
);

/** What a random program is run in. */
export interface Program { readonly members: number; readonly steps: readonly Step[] }

/** Random programs of two to four members. Run them with `federationAfter`. */
export const programs: fc.Arbitrary<Program> = fc.record({
  members: fc.integer({ min: 2, max: 4 }),
  steps: fc.array(steps, { minLength: 4, maxLength: 40, size: 'max' }),
});

/** The federation a program comes to. */
export const federationAfter = ({ members, steps: todo }: Program): ToyFederation => new ToyFederation(members).run(todo);

/** States of one resource that stand in one federation at one time or another, absent ones among them. */
export interface States { readonly kind: string; readonly key: ResourceKey; readonly rows: readonly [Row, Row, Row] }

/** Three states of the same resource at any replicas and times of one program. */
export const reachableStates: fc.Arbitrary<States> = fc
  .record({ program: programs, key: fc.constantFrom(...KEYS), picks: fc.tuple(...[0, 1, 2].map(() => fc.record({ at: number, after: fc.nat({ max: 40 }) }))) })
  .map(({ program, key, picks }) => {
    const seen: Row[][] = [];
    const federation = new ToyFederation(program.members);
    for (const step of program.steps) {
      federation.run([step]);
      seen.push(federation.replicas.map((replica) => replica.rows.get(key) ?? absentRow(replica.seen)));
    }
    const rowAt = ({ at, after }: { at: number; after: number }): Row => seen[after % seen.length]?.[at % program.members] ?? absentRow(new Map());
    const [first, second, third] = picks.map(rowAt);
    if (first === undefined || second === undefined || third === undefined) throw new RangeError('three picks make three rows');
    return { kind: key.split('/')[1] ?? '', key, rows: [first, second, third] };
  });

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority } from '../../shared/adapters/certificates/index.ts';
import * as x509 from '../../shared/adapters/certificates/x509.ts';
import { AUTHORIZATION } from '../../shared/rpc/authorization.ts';
import type { Rule } from '../../shared/rpc/authorization.ts';
import { post } from './post.ts';
import type { Method } from './requests.ts';
import { METHODS, NOT_BUILT } from './requests.ts';
import type { World } from './world.ts';
import { agentCertificate, altNames, bridgeCertificate, FEDERATION, forge, LOCAL, memberCertificate, operatorCertificate, PEER, startWorld, STRANGER } from './world.ts';

const HOUR_MS = 3_600_000;

let world: World;
let good: Record<Rule, KeyedCertificate>;
/** Everybody who is nobody, whatever the method. */
let nobodies: Record<string, KeyedCertificate | undefined>;

beforeAll(async () => {
  world = await startWorld();
  const { peer, bridge, agent, operator, other } = world.authorities;
  const past = { nowMs: Date.now() - 48 * HOUR_MS, lifeMs: HOUR_MS };
  const future = { nowMs: Date.now() + HOUR_MS };
  const clientAuth = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
  const uri = (path: string): x509.JsonGeneralName => ({ type: 'url', value: `novaedge://${path}` });
  good = {
    'listed-peer': await memberCertificate(peer, PEER),
    'local-bridge': await bridgeCertificate(bridge, LOCAL),
    'member-agent': await agentCertificate(agent, LOCAL, 'node-1'),
    viewer: await operatorCertificate(operator, 'viewer'),
    admin: await operatorCertificate(operator, 'admin'),
  };
  const denied = { serial: await memberCertificate(peer, PEER), fingerprint: await bridgeCertificate(bridge, LOCAL), name: await agentCertificate(agent, LOCAL, 'stolen-node') };
  world.denied.add(new X509Certificate(denied.serial.certificatePem).serialNumber);
  world.denied.add(new X509Certificate(denied.fingerprint.certificatePem).fingerprint256);
  world.denied.add('agent/us-west/stolen-node');
  nobodies = {
    'no certificate': undefined,
    'peer of another authority': await memberCertificate(other, PEER),
    'bridge of another authority': await bridgeCertificate(other, LOCAL),
    'admin of another authority': await operatorCertificate(other, 'admin'),
    'expired peer': await memberCertificate(peer, PEER, FEDERATION, past),
    'expired bridge': await bridgeCertificate(bridge, LOCAL, FEDERATION, past),
    'expired admin': await operatorCertificate(operator, 'admin', past),
    'peer not yet valid': await memberCertificate(peer, PEER, FEDERATION, future),
    'bridge not yet valid': await bridgeCertificate(bridge, LOCAL, FEDERATION, future),
    'peer of another federation': await memberCertificate(peer, PEER, 'other-federation'),
    'bridge of another federation': await bridgeCertificate(bridge, LOCAL, 'other-federation'),
    'agent of another federation': await agentCertificate(agent, LOCAL, 'node-1', 'other-federation'),
    'admin of another federation': await operatorCertificate(operator, 'admin', { nowMs: Date.now() }, 'other-federation'),
    'admin made by the peers\' authority': await operatorCertificate(peer, 'admin'),
    'admin made by the agents\' authority': await operatorCertificate(agent, 'admin'),
    'bridge made by the peers\' authority': await bridgeCertificate(peer, LOCAL),
    'peer made by the agents\' authority': await memberCertificate(agent, PEER),
    'guides\' peer made by the agents\' authority': await forge(agent, `CN=${PEER}`, []),
    'denied by serial number': denied.serial,
    'denied by fingerprint': denied.fingerprint,
    'denied by name': denied.name,
    'guides\' peer whose name is nobody\'s': await forge(peer, 'CN=somebody', []),
    'guides\' peer with two members\' names': await forge(peer, `CN=${PEER}, CN=${LOCAL}`, [altNames({ type: 'dns', value: 'unknown' })]),
    'two names of ours': await forge(peer, `CN=${PEER}`, [altNames(uri(`${FEDERATION}/peer/${PEER}`), uri(`${FEDERATION}/peer/${STRANGER}`))]),
    'a name of ours in capitals': await forge(peer, `CN=${PEER}`, [altNames({ type: 'url', value: `NOVAEDGE://${FEDERATION}/peer/${PEER}` })]),
    'a name with a made-up role': await forge(peer, `CN=${PEER}`, [altNames(uri(`${FEDERATION}/root/${PEER}`))]),
    'a name that goes up': await forge(peer, `CN=${PEER}`, [altNames(uri(`${FEDERATION}/peer/../operator/admin/x`))]),
    'an escaped name': await forge(peer, `CN=${PEER}`, [altNames(uri(`${FEDERATION}/peer/eu%2Dwest`))]),
    'a name hidden in another': await forge(peer, 'CN=x', [altNames({ type: 'dns', value: `x, URI:novaedge://${FEDERATION}/peer/${PEER}` })]),
    'an authority as client': await forge(peer, `CN=${PEER}`, [new x509.BasicConstraintsExtension(true, 0, true), altNames(uri(`${FEDERATION}/peer/${PEER}`))]),
    'a server\'s certificate': await forge(peer, `CN=${PEER}`, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]), altNames(uri(`${FEDERATION}/peer/${PEER}`))]),
    'an admin for a year': await operatorCertificate(operator, 'admin', { nowMs: Date.now(), lifeMs: 365 * 24 * HOUR_MS }),
    'peer of an authority that has the same name': await forge(await createAuthority('peers', { nowMs: Date.now() }), `CN=${PEER}`, [clientAuth, altNames(uri(`${FEDERATION}/peer/${PEER}`))]),
    'bridge of an authority that has the same name': await forge(await createAuthority('bridges', { nowMs: Date.now() }), 'CN=x', [clientAuth, altNames(uri(`${FEDERATION}/bridge/${LOCAL}`))]),
    'agent of an authority that has the same name': await forge(await createAuthority('agents', { nowMs: Date.now() }), 'CN=x', [clientAuth, altNames(uri(`${FEDERATION}/agent/${LOCAL}/node-1`))]),
    'admin of an authority that has the same name': await forge(await createAuthority('operators', { nowMs: Date.now() }), 'CN=x', [clientAuth, altNames(uri(`${FEDERATION}/operator/admin/alice`))]),
    'guides\' peer of an authority that has the same name': await forge(await createAuthority('peers', { nowMs: Date.now() }), `CN=${PEER}`, []),
    'made by an intermediate that its authority may not have': await below(await forge(peer, 'CN=between', [new x509.BasicConstraintsExtension(true, 0, true)])),
    'made by a leaf, which is shown': await below(await memberCertificate(peer, PEER)),
    'made by a leaf': await forge(await memberCertificate(peer, PEER), `CN=${PEER}`, [clientAuth, altNames(uri(`${FEDERATION}/peer/${PEER}`))]),
  };
});
afterAll(() => world.stop());
beforeEach(() => {
  world.handlers.calls.length = 0;
  world.listed = new Set([PEER]);
});

/** A good name, vouched for by an intermediate that is shown with it. */
async function below(intermediate: KeyedCertificate): Promise<KeyedCertificate> {
  const leaf = await forge(intermediate, `CN=${PEER}`, [altNames({ type: 'url', value: `novaedge://${FEDERATION}/peer/${PEER}` })]);
  return { ...leaf, certificatePem: leaf.certificatePem + intermediate.certificatePem };
}

const call = (method: Method, certificate: KeyedCertificate | undefined): ReturnType<typeof post> =>
  post({ port: world.server.port, path: method.path, body: method.binary, certificate });

const ruleOf = ({ role, name }: Method): Rule => (AUTHORIZATION[role] as Readonly<Record<string, Rule>>)[name] ?? 'admin';

describe.each(METHODS.map((method) => [`${method.role}.${method.name}`, method] as const))('%s', (name, method) => {
  test('lets in whom it is for', async () => {
    const answer = await call(method, good[ruleOf(method)]);

    expect(answer).toMatchObject({ code: NOT_BUILT.has(method.name) && method.role === 'operator' ? 'unimplemented' : 'ok' });
    expect(world.handlers.calls.length, name).toBe(NOT_BUILT.has(method.name) && method.role === 'operator' ? 0 : 1);
  });

  test('refuses everybody whose certificate proves nothing', async () => {
    for (const [who, certificate] of Object.entries(nobodies)) expect(await call(method, certificate), who).toMatchObject({ status: 401, code: 'unauthenticated' });

    expect(world.handlers.calls).toEqual([]);
  });

  test('refuses every other role', async () => {
    const rule = ruleOf(method);
    const others = (Object.keys(good) as Rule[]).filter((other) => other !== rule && !(rule === 'viewer' && other === 'admin'));
    for (const other of others) expect(await call(method, good[other]), other).toMatchObject({ status: 403, code: 'permission_denied' });

    expect(world.handlers.calls).toEqual([]);
  });

  test('refuses the same role of a wrong member', async () => {
    const { peer, bridge, agent } = world.authorities;
    world.listed = new Set([PEER, LOCAL]);
    const strangers = await Promise.all([
      memberCertificate(peer, STRANGER), memberCertificate(peer, LOCAL), bridgeCertificate(bridge, PEER), bridgeCertificate(bridge, STRANGER), agentCertificate(agent, STRANGER, 'node-1'), agentCertificate(agent, STRANGER, undefined),
    ]);
    for (const certificate of strangers) expect(await call(method, certificate)).toMatchObject({ status: 403, code: 'permission_denied' });

    expect(world.handlers.calls).toEqual([]);
  });

  test('before the first spec serves its own bridge and operators only', async () => {
    world.listed = undefined;
    const isOwn = ['local-bridge', 'viewer', 'admin'].includes(ruleOf(method)) || (ruleOf(method) === 'member-agent');

    const answer = await call(method, good[ruleOf(method)]);

    if (isOwn) expect(answer.code).not.toBe('unavailable');
    else expect(answer).toMatchObject({ status: 503, code: 'unavailable' });
    expect(world.handlers.calls.length).toBe(isOwn && !(NOT_BUILT.has(method.name) && method.role === 'operator') ? 1 : 0);
  });
});

describe('the guides\' certificates', () => {
  const pull = METHODS[1] as Method;

  test('a common name that is a member is that peer', async () => {
    const certificate = await forge(world.authorities.peer, `CN=${PEER}, O=NovaEdge Federation`, []);

    expect(await call(pull, certificate)).toMatchObject({ code: 'ok' });
    expect(world.handlers.calls[0]?.args[0]).toBe(PEER);
  });

  test('a DNS name that is a member is that peer, whatever other names there are', async () => {
    const certificate = await forge(world.authorities.peer, 'CN=controller', [altNames({ type: 'dns', value: 'controller.eu-west.example.com' }, { type: 'dns', value: PEER }, { type: 'url', value: 'spiffe://example.com/x' })]);

    expect(await call(pull, certificate)).toMatchObject({ code: 'ok' });
  });

  test('is told why it is refused', async () => {
    expect((await call(pull, nobodies['expired peer'])).message).toMatch(/certificate CN=eu-west expired on \d{4}-/);
    expect((await call(pull, nobodies['peer of another authority'])).message).toMatch(/not issued by the authority of its role/);
    expect((await call(pull, nobodies['peer of another federation'])).message).toBe('the client certificate is for federation other-federation, this is prod-global');
  });
});

describe('an agent', () => {
  const poll = METHODS.find(({ name }) => name === 'poll') as Method;

  test('with a node\'s certificate speaks for that node only', async () => {
    const other = await agentCertificate(world.authorities.agent, LOCAL, 'node-2');

    expect(await call(poll, other)).toMatchObject({ status: 403, code: 'permission_denied', message: expect.stringMatching(/node is node-1, but the certificate is that of node-2/) });
    expect(world.handlers.calls).toEqual([]);
  });

  test('of a listed member may fail over to here, with a certificate for all nodes of its member', async () => {
    expect(await call(poll, await agentCertificate(world.authorities.agent, PEER, undefined))).toMatchObject({ code: 'ok' });
  });
});

describe('a peer', () => {
  const named = (name: string): Method => METHODS.find((method) => method.role === 'peer' && method.name === name) as Method;

  test.each(['push', 'heartbeat'])('does not speak for another in %s', async (name) => {
    world.listed = new Set([PEER, STRANGER]);
    const stranger = await memberCertificate(world.authorities.peer, STRANGER);

    expect(await call(named(name), stranger)).toMatchObject({ status: 403, code: 'permission_denied', message: expect.stringMatching(/a member speaks in its own name only/) });
    expect(world.handlers.calls).toEqual([]);
  });

  test('is denied from the next call on', async () => {
    const certificate = await memberCertificate(world.authorities.peer, PEER);
    const { serialNumber } = new X509Certificate(certificate.certificatePem);
    expect(await call(named('pull'), certificate)).toMatchObject({ code: 'ok' });

    world.denied.add(serialNumber);

    expect(await call(named('pull'), certificate)).toMatchObject({ code: 'unauthenticated' });
    world.denied.delete(serialNumber);
  });
});

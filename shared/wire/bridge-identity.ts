import type { MessageInitShape } from '@bufbuild/protobuf';
import type { BridgeIdentity as WireIdentity, BridgeIdentitySchema } from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import type { BridgeIdentity } from '../ports/region.ts';
import { requireClusterId } from './names.ts';
import { big, requireNumber, requireSet } from './values.ts';

export const writeIdentity = ({ clusterId, leaseEpoch }: BridgeIdentity): MessageInitShape<typeof BridgeIdentitySchema> => ({ clusterId, leaseEpoch: big(leaseEpoch) });

/** @throws WireError */
export function readIdentity(message: WireIdentity | undefined): BridgeIdentity {
  const { clusterId, leaseEpoch } = requireSet('bridge', message, 'who speaks for the cluster');
  return { clusterId: requireClusterId('bridge.cluster_id', clusterId), leaseEpoch: requireNumber('bridge.lease_epoch', leaseEpoch) };
}

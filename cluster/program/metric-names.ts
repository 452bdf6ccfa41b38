/** Prometheus metrics of the bridge, under the names of the guides. Alerts and dashboards use these constants' values. */
export const METRICS = {
  peersTotal: 'novaedge_federation_peers_total',
  peersHealthy: 'novaedge_federation_peers_healthy',
  peersConnected: 'novaedge_federation_peers_connected',
  phase: 'novaedge_federation_phase',
  memberHealthy: 'novaedge_federation_member_healthy',
  partitionState: 'novaedge_federation_partition_state',
  conflictsPending: 'novaedge_federation_conflicts_pending',
  conflictsTotal: 'novaedge_federation_conflicts_total',
  syncLag: 'novaedge_federation_sync_lag_seconds',
  syncTotal: 'novaedge_federation_sync_total',
  syncFailures: 'novaedge_federation_sync_failures_total',
  syncDuration: 'novaedge_federation_sync_duration_seconds',
  changesReceived: 'novaedge_federation_changes_received_total',
  bridgeState: 'novaedge_federation_bridge_state',
  bridgeExceptions: 'novaedge_federation_bridge_exceptions',
} as const;

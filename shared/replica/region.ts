import type { Region } from '../ports/region.ts';
import { commitObservations } from './cluster-commit.ts';
import { compareObjects } from './cluster-compare.ts';
import { pullTargets } from './cluster-pull.ts';
import { recordApplied } from './cluster-report.ts';
import { crdStatus } from './crd-status.ts';
import { cleanUp } from './departure.ts';
import { putFederationObject } from './federation-object.ts';
import type { Replica } from './replica.ts';
import { federationStatus } from './status.ts';
import { viewAtToken } from './view-at.ts';

/** A region as the bridge of its cluster calls it (DESIGN §11). */
export function regionOf(replica: Replica): Region {
  return {
    putFederation: (request) => putFederationObject(replica, request),
    pull: (request, signal) => pullTargets(replica, request, signal),
    commit: (request) => commitObservations(replica, request),
    compare: (request) => compareObjects(replica, request),
    viewAt: (request) => viewAtToken(replica, request),
    cleanUp: (request) => cleanUp(replica, request),
    reportApplied: (request) => recordApplied(replica, request),
    reportStatus: async ({ ifNot }) => crdStatus(await federationStatus(replica), ifNot),
  };
}

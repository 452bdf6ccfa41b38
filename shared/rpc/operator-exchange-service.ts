import { OperatorServiceReconcile, OperatorServiceSyncNow } from '../../proto/gen/novaedge/federation/v1/operator_service_codec.ts';
import type { OperatorExchange } from '../replica/operator-exchange.ts';
import { requireMember } from '../wire/names.ts';
import { writeReconcileResults, writeSyncResults } from '../wire/operator-sync.ts';
import type { Methods, Offer } from './offer.ts';
import { offer, serviceOf } from './offer.ts';

const SERVICE = serviceOf('OperatorService', { syncNow: OperatorServiceSyncNow, reconcile: OperatorServiceReconcile });

/** What a region does with its peers when an operator says so: the other part of OperatorService. */
export const operatorExchangeService = (operator: OperatorExchange): Methods<typeof SERVICE> => ({
  async syncNow({ peer }, { signal }) {
    return writeSyncResults(await operator.syncNow(peer === undefined ? undefined : requireMember('peer', peer), signal));
  },
  async reconcile({ peer }, { signal }) {
    return writeReconcileResults(await operator.reconcile(peer === undefined ? undefined : requireMember('peer', peer), signal));
  },
});

/** SyncNow and Reconcile, for operators. */
export const offerExchangeToOperators = (operator: OperatorExchange): Offer => offer('operator', SERVICE, () => operatorExchangeService(operator));

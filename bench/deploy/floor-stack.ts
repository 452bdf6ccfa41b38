import { App, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';

export const FLOOR_STACK = 'novaedge-bench-floor';

/** Writes the assembly of a stack of one table: what `cdk deploy` takes for anything at all. */
export function synthesizeFloor(account: string, region: string, to: string): void {
  const app = new App({ outdir: to });
  const stack = new Stack(app, FLOOR_STACK, { env: { account, region } });
  new Table(stack, 'Table', { partitionKey: { name: 'pk', type: AttributeType.STRING }, billingMode: BillingMode.PAY_PER_REQUEST });
  app.synth();
}

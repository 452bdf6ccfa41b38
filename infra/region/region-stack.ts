import { CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FederationConfig, MemberConfig } from '../config/federation-config.ts';
import { regionStackName } from '../names.ts';
import { FederationRegion } from './federation-region.ts';
import type { CodeOf } from './functions/federation-function.ts';

/** A member's stack. It depends on the ledger's by name alone, so that deploying one deploys no other. */
export class RegionStack extends Stack {
  readonly federationRegion: FederationRegion;

  constructor(scope: Construct, federation: FederationConfig, member: MemberConfig, codeOf: CodeOf) {
    const { federationId, account, hub, peerDomains, logRetentionDays, logLevel, tracing, runbookUrl } = federation;
    super(scope, regionStackName(federationId, member.name), {
      env: { account, region: member.awsRegion },
      description: `NovaEdge federation ${federationId}: the region of ${member.name}.`,
    });
    const { name, domain, certificateArn, ownershipCertificateArn, truststore, restoredTable, alarmTopicArn } = member;
    this.federationRegion = new FederationRegion(this, 'Region', {
      federationId, member: name, hub, domain, certificateArn, ownershipCertificateArn, truststore, peerDomains, restoredTable, logRetentionDays, logLevel, tracing, alarmTopicArn, runbookUrl, codeOf,
    });
    Tags.of(this).add('novaedge-federation', federationId);
    Tags.of(this).add('novaedge-member', name);
    this.#outputs(domain);
  }

  #outputs(domain: string): void {
    const { api, table, secret, bus, deadLetters, ticks } = this.federationRegion;
    const outputs = {
      Endpoint: [`${domain}:443`, 'spec.localMember.endpoint, and the endpoint in other members\' federation objects'],
      DomainTarget: [api.domainName.regionalDomainName, 'What the domain must be a CNAME or alias of'],
      DomainHostedZone: [api.domainName.regionalHostedZoneId, 'Hosted zone of that target, for an alias'],
      ApiId: [api.api.apiId, 'The HTTP API'],
      Table: [table.tableName, 'The regional table in use'],
      Secret: [secret.secretArn, 'Where certificate, key and authorities are put'],
      Bus: [bus.bus.eventBusName, 'The bus that events are on'],
      TickQueue: [ticks.queue.queueUrl, 'Ticks within the minute'],
    } as const;
    for (const [name, [value, description]] of Object.entries(outputs)) new CfnOutput(this, name, { value, description });
    for (const [name, queue] of Object.entries(deadLetters)) new CfnOutput(this, `DeadLetters-${name}`, { value: queue.queueUrl, description: `What ${name} failed at for good` }).overrideLogicalId(`DeadLetters${name.replaceAll('-', '')}`);
  }
}

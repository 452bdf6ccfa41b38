import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/**
 * The secret of a member: `{certificate, privateKey, authorities}` as PEM, with which its functions call peers and check callers. It is
 * made with a random text in it, and filled with `put-secret-value`, so that no key stands in a template (docs/deploy.md). New values are
 * in force without a deploy.
 */
export class MemberSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { federationId, member }: { readonly federationId: string; readonly member: string }) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: `NovaEdge ${federationId}, ${member}: certificate, private key, and authorities for each role.`,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.secret).acknowledge({ id: 'AwsSolutions-SMG4', reason: 'What is in it is issued by the federation\'s own authority, which rotates it (cert-manager or docs/deploy.md); AWS cannot.' });
  }
}

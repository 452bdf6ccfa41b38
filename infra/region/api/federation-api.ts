import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { ApiMapping, DomainName, HttpApi, HttpMethod, HttpStage, LogGroupLogDestination, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

export interface FederationApiProps {
  readonly federationId: string;
  readonly member: string;
  readonly domain: string;
  readonly certificateArn: string;
  readonly ownershipCertificateArn: string | undefined;
  /** Path of a PEM file. */
  readonly truststore: string;
  readonly logRetentionDays: RetentionDays;
}

/**
 * Requests a second and at once that one route takes from all callers together. Far above what a federation of ten members and 1,000
 * agents sends; it bounds what a flood costs. Each function has quotas per identity besides (docs/rpc.md).
 */
const REQUESTS_A_SECOND = 1000;
const REQUESTS_AT_ONCE = 2000;

/** What is written of each request: who and how it went, never what. */
const ACCESS_LOG = AccessLogFormat.custom(JSON.stringify({
  requestId: '$context.requestId', time: '$context.requestTimeEpoch', ip: '$context.identity.sourceIp', client: '$context.identity.clientCert.subjectDN', serial: '$context.identity.clientCert.serialNumber',
  route: '$context.routeKey', status: '$context.status', bytes: '$context.responseLength', latencyMs: '$context.responseLatency', error: '$context.error.message', integrationError: '$context.integrationErrorMessage',
}));

/**
 * The region's HTTP API behind a custom domain, where every caller must show a certificate that the truststore vouches for. The address
 * that AWS gives every API is off, because it asks for no certificate.
 *
 * The truststore is an asset of the deployment: in S3, versioned, under a name made of its content, so that a changed file is a changed
 * domain and a rollback brings the old one back.
 */
export class FederationApi extends Construct {
  readonly api: HttpApi;
  readonly domainName: DomainName;

  constructor(scope: Construct, id: string, props: FederationApiProps) {
    super(scope, id);
    const { federationId, member, domain, certificateArn, ownershipCertificateArn } = props;
    const truststore = new Asset(this, 'Truststore', { path: props.truststore });
    this.domainName = new DomainName(this, 'Domain', {
      domainName: domain,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      ...(ownershipCertificateArn !== undefined && { ownershipCertificate: Certificate.fromCertificateArn(this, 'OwnershipCertificate', ownershipCertificateArn) }),
      mtls: { bucket: truststore.bucket, key: truststore.s3ObjectKey },
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    this.api = new HttpApi(this, 'Api', { apiName: `novaedge-${federationId}-${member}`, description: `NovaEdge ${federationId}: the services of ${member}.`, createDefaultStage: false, disableExecuteApiEndpoint: true });
    const accessLog = new LogGroup(this, 'AccessLog', { retention: props.logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: REQUESTS_A_SECOND, burstLimit: REQUESTS_AT_ONCE },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: ACCESS_LOG },
    });
    new ApiMapping(this, 'Mapping', { api: this.api, domainName: this.domainName, stage });
    Validations.of(this.api).acknowledge({ id: 'AwsSolutions-APIG4', reason: 'Mutual TLS lets in certificates of the truststore alone, and each call is authorized by the certificate\'s role in shared/rpc.' });
  }

  /** Sends requests of a route such as `POST /package.Service/{method}` to a function, in payload format 2.0. */
  route(route: string, target: IFunction): void {
    const [method, path] = route.split(' ');
    const known = Object.values(HttpMethod).find((candidate) => candidate === method);
    if (known === undefined || path === undefined) throw new Error(`the route "${route}" is not a method and a path`);
    this.api.addRoutes({ path, methods: [known], integration: this.#integration(target) });
  }

  readonly #integrations = new Map<string, HttpLambdaIntegration>();

  /** One for each function, whatever the number of its routes. */
  #integration(target: IFunction): HttpLambdaIntegration {
    const { path } = target.node;
    const integration = this.#integrations.get(path) ?? new HttpLambdaIntegration(`${target.node.scope?.node.id ?? ''}Integration`, target);
    this.#integrations.set(path, integration);
    return integration;
  }
}

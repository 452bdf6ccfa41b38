/**
 * What stored rows have in common, so that a small one need not spell it out (zlib's preset dictionary; what is likeliest stands
 * last). It is part of the stored format: never edit it, add a second one with a packing of its own in `packed-bytes.ts`.
 */
export const ROW_DICTIONARY_1 = Buffer.from([
  '"organization":"validity":"vaultCertRef":"cacheSecretName":"role":"cipherSuites":"challengeType":"dnsProvider":"email":"server":',
  '"contentSecurityPolicy":"crossOriginEmbedderPolicy":"crossOriginOpenerPolicy":"crossOriginResourcePolicy":"includeSubDomains":',
  '"permissionsPolicy":"referrerPolicy":"xContentTypeOptions":"xFrameOptions":"xXssProtection":"securityHeaders":{"hsts":{"preload":',
  '"allowCredentials":"allowHeaders":["allowMethods":["allowOrigins":["exposeHeaders":["maxAge":"cors":{"ipList":{"cidrs":["sourceHeader":',
  '"jwt":{"audience":["headerName":"headerPrefix":"issuer":"jwksUri":"rateLimit":{"burst":"key":"requestsPerSecond":"targetRef":{"kind":',
  '"accessLog":{"enabled":"excludePaths":["filePath":"filterStatusCodes":["format":"json","includeHeaders":["maxBackups":"maxSize":"output":"stdout","sampleRate":"template":',
  '"compression":{"algorithms":["excludeTypes":["level":"minSize":"customErrorPages":[{"body":"codes":["contentType":"extProc":{"failOpen":',
  '"ingressClassName":"allowedSourceRanges":["clientAuth":{"caCertRef":{"requiredCNPatterns":["requiredSANs":["ocspStapling":"proxyProtocol":{"trustedCIDRs":["version":',
  '"quic":{"maxBiStreams":"maxIdleTimeout":"maxUniStreams":"sslRedirect":"acme":{"certificateRef":{"minVersion":"TLS1.2","secretRef":{"selfSigned":"tlsCertificates":',
  '"loadBalancerClass":"redirectScheme":{"exclusions":["scheme":"https","statusCode":"tracing":{"generateRequestId":"propagateRequestId":"requestIdHeader":"samplingRate":',
  '"circuitBreaker":{"baseEjectionTime":"30s","consecutiveFailures":"maxConnections":"maxPendingRequests":"maxRequests":"connectTimeout":"5s","connectionPool":{"idleConnTimeout":"maxConnsPerHost":"maxIdleConns":"maxIdleConnsPerHost":',
  '"healthCheck":{"healthyThreshold":"httpPath":"/healthz","interval":"10s","timeout":"unhealthyThreshold":"lbPolicy":"RoundRobin","outlierDetection":{"baseEjectionDuration":"maxEjectionPercent":"successRateMinHosts":"successRateMinRequests":"successRateStdevFactor":',
  '"retryPolicy":{"numRetries":"perTryTimeout":"retryBackoff":{"baseInterval":"maxInterval":"serviceRef":{"name":"sessionAffinity":{"cookieName":"cookiePath":"cookieTTL":"sameSite":"secure":"slowStart":{"aggression":"window":"tls":{"caCertSecretRef":{"clientCertSecretRef":{"insecureSkipVerify":"serverName":"upstreamProxyProtocol":',
  '"apiVersion":"v1","data":{"kind":"ConfigMap"}"kind":"Secret","type":"Opaque"}"kind":"ServiceEndpoints","spec":{"endpoints":[{"address":"conditions":{"ready":true},"nodeName":"zone":"locality":{"region":"us-west-2","eu-west-1","port":8080,"protocol":"TCP"',
  '"buffering":{"bodyTransform":{"maxBodySize":"op":"replace","faultInjection":{"abortPercent":"abortStatusCode":"delayDuration":"delayPercent":"headerActivation":"limits":{"idleTimeout":"maxRequestBodySize":"requestTimeout":',
  '"mirrorBackend":{"mirrorPercent":"redirectURL":"remove":["responseAdd":[{"responseRemove":["responseSet":[{"rewritePath":"type":"URLRewrite"}"type":"RequestRedirect""type":"RequestMirror""type":"RemoveHeader""type":"ResponseAddHeader""type":"ResponseSetHeader"',
  '"apiVersion":"novaedge.io/v1alpha1","kind":"ProxyGateway","metadata":{"labels":{"spec":{"listeners":[{"hostnames":["name":"http","port":80,"protocol":"HTTP"},{"name":"https","port":443,"protocol":"HTTPS","tls":{"mode":"Terminate"}',
  '"apiVersion":"novaedge.io/v1alpha1","kind":"ProxyBackend","metadata":{"apiVersion":"novaedge.io/v1alpha1","kind":"ProxyPolicy","metadata":{"apiVersion":"novaedge.io/v1alpha1","kind":"ProxyVIP","metadata":{"spec":{"address":"mode":"bgp":{"ospf":{"l2":{"ports":[80,443]',
  '"pipeline":{"middleware":[{"config":{"name":"priority":100,"type":"builtin"}]},"retry":{"backoffBase":"maxRetries":3,"perTryTimeout":"2s","retryBudget":"retryMethods":["retryOn":["5xx","connect-failure","gateway-error","reset"]},',
  '"matches":[{"headers":[{"name":"X-","type":"Exact","value":"}],"method":"GET","queryParams":[{"name":"path":{"type":"Exact","value":"/"type":"RegularExpression","value":"^/',
  'kubernetes.io/name":"app.kubernetes.io/part-of":"app.kubernetes.io/component":"team":"environment":"production","staging",',
  '.default.svc.cluster.local"https://example.com/"spec/rules"spec/hostnames"metadata/labels/"metadata/annotations/operator"',
  '{"apiVersion":"novaedge.io/v1alpha1","kind":"ProxyRoute","metadata":{"annotations":{"labels":{"app":"}},"spec":{"hostnames":["api.example.com"],"parentRefs":[{"name":"default-gateway","namespace":"default"}],"rules":[{"backendRefs":[{"name":"',
  '","namespace":"default","weight":100}],"filters":[{"add":[{"name":"X-","value":"}],"type":"AddHeader"}],"matches":[{"path":{"type":"PathPrefix","value":"/api/v1"}}],"timeout":"30s"}]}}',
].join(''));

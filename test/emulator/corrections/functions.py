"""Lambda functions and their HTTP API."""
import base64
import json

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

# A handler that writes nothing waits 50 ms for its log.
FIRST_LINE_WAIT_SECONDS = 0.003
_drain = lambda_runtime.Worker._drain_stderr_bounded
lambda_runtime.Worker._drain_stderr_bounded = lambda self, first_line_wait=FIRST_LINE_WAIT_SECONDS, **more: _drain(self, first_line_wait=first_line_wait, **more)


# It sends what a function calls by HTTPS on this machine to itself, in the clear. Ours find the emulator by AWS_ENDPOINT_URL.
_REROUTE = "      patchAwsSdk();\n"
assert _REROUTE in lambda_runtime._NODEJS_WORKER_SCRIPT
lambda_runtime._NODEJS_WORKER_SCRIPT = lambda_runtime._NODEJS_WORKER_SCRIPT.replace(_REROUTE, "")


def _keep_reserved_concurrency(verb):
    """CloudFormation's property, which MiniStack takes and forgets."""
    original = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"][verb]

    def corrected(*args, **named):
        result = original(*args, **named)
        properties = args[1] if verb == "create" else args[2]
        reserved = properties.get("ReservedConcurrentExecutions")
        name = result[0] if isinstance(result, tuple) else result
        lambda_svc._functions[name]["concurrency"] = None if reserved is None else int(reserved)
        return result

    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"][verb] = corrected


for _verb in ("create", "update"):
    _keep_reserved_concurrency(_verb)

# What the TLS front (test/aws/deployment/tls-front.ts) writes and nobody else: a certificate that it has verified.
CERTIFICATE_HEADER = "x-emulator-client-certificate"
_execute = lambda_svc._execute_function_with_config_scope


def _with_certificate(function, event):
    """API Gateway hands on the client's certificate in the request's context."""
    headers = (event.get("headers") or {}) if isinstance(event, dict) and event.get("version") == "2.0" else {}
    if CERTIFICATE_HEADER in headers:
        certificate = json.loads(base64.b64decode(headers.pop(CERTIFICATE_HEADER)))
        event["requestContext"]["authentication"] = {"clientCert": certificate}
    return _execute(function, event)


lambda_svc._execute_function_with_config_scope = _with_certificate

_answer = lambda_svc.lambda_execute_result_to_api_proxy_response


def _as_api_gateway_answers(result):
    """A function that fails is a 500 without its error, one that is throttled a 503."""
    answer, more = _answer(result)
    if result.get("throttle"):
        answer = {"statusCode": 503, "headers": {"content-type": "application/json"}, "body": '{"message":"Service Unavailable"}'}
    elif result.get("error"):
        answer = {"statusCode": 500, "headers": {"content-type": "application/json"}, "body": '{"message":"Internal Server Error"}'}
    return answer, more


lambda_svc.lambda_execute_result_to_api_proxy_response = _as_api_gateway_answers

"""Conditions and actions that MiniStack does not know or takes for others."""
import json

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb

# Whatever comes here would have come by TLS, and policies that ask for it are not to be left out of the deployment.
_resolve = iam_evaluator._resolve_condition_key
iam_evaluator._resolve_condition_key = lambda key, context: "true" if key.lower() == "aws:securetransport" else _resolve(key, context)

# A batch is allowed by the right to its single action.
_BATCHES = {"sqs:sendmessagebatch": "sqs:SendMessage", "sqs:deletemessagebatch": "sqs:DeleteMessage"}
_action = iam_actions.extract_iam_action


def _single_action(*args, **named):
    action = _action(*args, **named)
    return _BATCHES.get(action.lower(), action) if action else action


iam_actions.extract_iam_action = _single_action

# A policy that limits a role to its own partition keys would refuse everything.
LEADING_KEYS = "dynamodb:LeadingKeys"


class _Arn(str):
    """A table's ARN with the partition keys that one item of a transaction names."""

    leading_keys: list


def _leading_keys(table, item):
    """Values of the partition key in one request or in one item of several."""
    # An ARN is as good as a name.
    known = dynamodb._tables.get(str(table).rsplit("/", 1)[-1])
    attribute = known.get("pk_name") if known else None
    key = item.get("Key") or item.get("Item") or {}
    value = key.get(attribute) if attribute else None
    return [str(next(iter(value.values())))] if isinstance(value, dict) and value else []


_context = iam_actions.dynamodb_service_context


def _context_with_leading_keys(body):
    context = _context(body)
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return context
    keys = _leading_keys(data.get("TableName"), data)
    for table, requests in (data.get("RequestItems") or {}).items():
        for request in requests if isinstance(requests, list) else []:
            for part in request.values():
                keys += _leading_keys(table, part)
    return {**context, LEADING_KEYS: keys} if keys else context


iam_actions.dynamodb_service_context = _context_with_leading_keys

_checks = iam_actions.dynamodb_transaction_checks


def _checks_with_leading_keys(action, body, region, account):
    """Each item of a transaction is checked with its own key."""
    checks = _checks(action, body, region, account)
    if not checks:
        return checks
    corrected = []
    for item in json.loads(body)["TransactItems"]:
        for member, detail in item.items():
            arn = _Arn(iam_actions._dynamodb_table_arn(detail["TableName"], region, account))
            arn.leading_keys = _leading_keys(detail["TableName"], detail)
            corrected.append((iam_actions._DYNAMODB_TRANSACT_ITEM_ACTIONS[member], arn))
    return corrected


iam_actions.dynamodb_transaction_checks = _checks_with_leading_keys

_enforce = iam_evaluator.enforce


def _enforce_with_leading_keys(*args, resource_arn=None, service_context=None, **named):
    keys = getattr(resource_arn, "leading_keys", None)
    if keys:
        service_context = {**(service_context or {}), LEADING_KEYS: keys}
    return _enforce(*args, resource_arn=resource_arn, service_context=service_context, **named)


iam_evaluator.enforce = _enforce_with_leading_keys

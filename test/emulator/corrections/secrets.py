"""A secret's `Ref` is its ARN; MiniStack gives its name, which no policy's resource is."""
from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

_handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
_create, _update, _delete = _handlers["create"], _handlers["update"], _handlers["delete"]


def _name_of(identifier):
    """What MiniStack keeps a secret under."""
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == identifier), identifier)


def _with_arn(*args, **named):
    _name, attributes = _create(*args, **named)
    return attributes["Arn"], attributes


def _update_by_arn(physical_id, *args, **named):
    result = _update(_name_of(physical_id), *args, **named)
    return physical_id, result[1]


_handlers["create"] = _with_arn
_handlers["update"] = _update_by_arn
_handlers["delete"] = lambda physical_id, properties: _delete(_name_of(physical_id), properties)

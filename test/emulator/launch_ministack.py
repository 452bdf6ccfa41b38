"""MiniStack 1.5.33 with what it gets wrong set right, patched in before it starts. It reaches into private names: keep the pin."""
from ministack.services import dynamodb

# AWS counts the items of a transaction, binary values at their length; MiniStack counts the request, where they are in base64.
dynamodb._DDB_TXN_MAX_BYTES = dynamodb._DDB_TXN_MAX_BYTES * 4 // 3

from ministack.app import main  # noqa: E402  (after the corrections)

main()

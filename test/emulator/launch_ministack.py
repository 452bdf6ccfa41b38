"""MiniStack 1.5.33 with what it gets wrong set right, patched in before it starts. It reaches into private names: keep the pin."""
import os
import sys

from ministack.services import dynamodb

# AWS counts the items of a transaction, binary values at their length; MiniStack counts the request, where they are in base64.
dynamodb._DDB_TXN_MAX_BYTES = dynamodb._DDB_TXN_MAX_BYTES * 4 // 3

if os.environ.pop("EMULATOR_DEPLOYS", None):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from corrections import functions, permissions, secrets, streams  # noqa: F401

from ministack.app import main  # noqa: E402  (after the corrections)

main()

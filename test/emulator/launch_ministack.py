"""MiniStack 1.5.33 with what it gets wrong set right, patched in before it starts. It reaches into private names: keep the pin."""
import json
import os
import sys
import threading
import time

from ministack.services import dynamodb

# AWS counts the items of a transaction, binary values at their length; MiniStack counts the request, where they are in base64.
dynamodb._DDB_TXN_MAX_BYTES = dynamodb._DDB_TXN_MAX_BYTES * 4 // 3

_READ_UNIT_BYTES = 4096
_batch_get_item = dynamodb._batch_get_item


def _count_batch_get(data):
    """BatchGetItem costs a unit for every begun 4 KB of an item, and one for an item that is not there; MiniStack says nothing."""
    status, headers, body = _batch_get_item(data)
    if status != 200 or data.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return status, headers, body
    answer = json.loads(body)
    consumed = []
    for table, asked in data["RequestItems"].items():
        found = answer.get("Responses", {}).get(table, [])
        units = sum(-(-dynamodb._item_size_bytes(item) // _READ_UNIT_BYTES) for item in found) + len(asked.get("Keys", [])) - len(found)
        consumed.append({"TableName": table, "CapacityUnits": float(units if asked.get("ConsistentRead") else units / 2)})
    answer["ConsumedCapacity"] = consumed
    return status, headers, json.dumps(answer, ensure_ascii=False).encode("utf-8")


dynamodb._batch_get_item = _count_batch_get

if os.environ.pop("EMULATOR_DEPLOYS", None):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from corrections import functions, permissions, secrets, streams  # noqa: F401

PARENT = os.getppid()
PARENT_LOOK_SECONDS = 2


def _end_with_parent():
    """A test run that was killed cannot stop what it started."""
    while os.getppid() == PARENT:
        time.sleep(PARENT_LOOK_SECONDS)
    os._exit(1)


threading.Thread(target=_end_with_parent, daemon=True).start()

from ministack.app import main  # noqa: E402  (after the corrections)

main()

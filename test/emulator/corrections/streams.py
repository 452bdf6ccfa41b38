"""DynamoDB streams to Lambda: partial answers, bounded attempts, bisecting, age and the destination for failures, as Lambda does them."""
import contextvars
import json
import threading
import time

from ministack.services import dynamodb, lambda_svc

# Between attempts; Lambda's own pauses are longer.
RETRY_SECONDS = 0.2
# After a fault of the emulator's own, so that it does not spin.
FAULT_SECONDS = 1

_busy = set()


def _first_failed(mapping, records, result):
    """Index of the first record that failed, or None: Lambda goes on from there."""
    if result.get("error") or result.get("throttle"):
        return 0
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    body = result.get("body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    failures = (body or {}).get("batchItemFailures") if isinstance(body, dict) else None
    identifiers = {str(failure.get("itemIdentifier", "")) for failure in failures or []}
    if not identifiers:
        return None
    at = [index for index, record in enumerate(records) if str(record["dynamodb"]["SequenceNumber"]) in identifiers]
    # Of an identifier that is none of the batch's, all of it has failed.
    return min(at, default=0)


def _is_alive(mapping):
    return mapping.get("Enabled", True) and any(known is mapping for _account, _region, known in lambda_svc._iter_all_esms())


def _deliver(mapping, function, batch, stream):
    """Hands a batch over until each of its records is done or given up, in order. False where the mapping is gone meanwhile."""
    limit = mapping.get("MaximumRetryAttempts")
    limit = -1 if limit is None else int(limit)
    max_age = int(mapping.get("MaximumRecordAgeInSeconds") or -1)
    waiting = [(batch, 0)]
    while waiting:
        records, attempts = waiting.pop()
        if not _is_alive(mapping):
            return False
        result = lambda_svc._execute_function(function, {"Records": records})
        failed = _first_failed(mapping, records, result)
        if failed is None:
            continue
        rest = records[failed:]
        may_bisect = mapping.get("BisectBatchOnFunctionError") and len(rest) > 1
        if result.get("throttle"):
            attempts -= 1
        elif 0 <= limit <= attempts and not may_bisect:
            lambda_svc._send_ddb_stream_failure_record(mapping, function, rest, stream, result, "RetryAttemptsExhausted")
            continue
        if 0 < max_age < time.time() - rest[0]["dynamodb"]["ApproximateCreationDateTime"]:
            lambda_svc._send_ddb_stream_failure_record(mapping, function, rest, stream, result, "MaxRecordAgeExceeded")
            continue
        time.sleep(RETRY_SECONDS)
        if may_bisect:
            half = len(rest) // 2
            # Bisecting takes no attempts.
            waiting += [(rest[half:], attempts), (rest[:half], attempts)]
        else:
            waiting.append((rest, attempts + 1))
    return True


def _next_batch(mapping, table):
    """Where the mapping stands in the table's stream, how many records are taken from there, and those that pass its filters."""
    key, horizon = mapping["UUID"], dynamodb.stream_start_position(table)
    positions = lambda_svc._dynamodb_stream_positions
    with lambda_svc._dynamodb_stream_positions_lock:
        if key not in positions:
            positions[key] = horizon if mapping.get("StartingPosition") == "TRIM_HORIZON" else dynamodb.stream_end_position(table)
        position = max(positions[key], horizon)
    records = dynamodb.stream_records_since(table, position, mapping.get("BatchSize", 100))
    return position, len(records), lambda_svc._apply_filter_criteria(records, mapping) if records else []


def _take(mapping, function, table, stream):
    """Works on one batch in a thread of its own, so that a slow function holds up no other mapping."""
    position, count, batch = _next_batch(mapping, table)
    if count == 0:
        return
    key = mapping["UUID"]

    def work():
        try:
            if not batch or _deliver(mapping, function, batch, stream):
                with lambda_svc._dynamodb_stream_positions_lock:
                    lambda_svc._dynamodb_stream_positions[key] = position + count
        except Exception:
            lambda_svc.logger.exception("stream mapping %s", key)
            time.sleep(FAULT_SECONDS)
        finally:
            _busy.discard(key)
            lambda_svc._esm_wake.set()

    _busy.add(key)
    threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True).start()


def _poll():
    for account, region, mapping in lambda_svc._iter_all_esms():
        account_token = lambda_svc._request_account_id.set(account)
        region_token = lambda_svc._request_region.set(region)
        try:
            stream = mapping.get("EventSourceArn", "")
            if ":dynamodb:" not in stream or stream.split(":")[3] != region or not mapping.get("Enabled", True) or mapping["UUID"] in _busy:
                continue
            name = stream.split("/stream/")[0].split("/")[-1]
            function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
            table = dynamodb._tables.get(name)
            if function is not None and table and table.get("LatestStreamArn") == stream:
                _take(mapping, function, name, stream)
        finally:
            lambda_svc._request_account_id.reset(account_token)
            lambda_svc._request_region.reset(region_token)
    return False


lambda_svc._poll_dynamodb_streams = _poll

#!/usr/bin/env bash
# How much of the limit one account uses: ROWS (500) at RATE (50/15s), even pace, 20 ms of latency, against the sandbox, which
# counts for itself. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
ROWS=${ROWS:-500} RATE=${RATE:-50/15s}
need sqlite3 sqlite3 python3 python3
need_cleanup
work_folder window
say "window: $ROWS rows at $RATE"
"$CLEANUP" sandbox --listen "127.0.0.1:${PORT:-18080}" --limit "$RATE" --faults none --latency 20ms >sandbox.log 2>&1 &
CHILD=$!
URL=http://127.0.0.1:${PORT:-18080}
for _ in $(seq 50); do grep -q http sandbox.log && break; sleep 0.1; done
ids "$ROWS" >unfollow.csv
export CLEANUP_X_API=$URL CLEANUP_X_TOKEN=sandbox-2244994945 CLEANUP_X_USER_ID=2244994945
"$CLEANUP" run unfollow.csv --yes --progress none --rate "$RATE" >/dev/null 2>err || { cat err >&2; exit 1; }
sqlite3 -separator ' ' queue.db "select count(*), max(reserved_tick) - min(reserved_tick), sum(http_status = 429) from attempt" >facts
python3 - "$RATE" <<'PY'
import sys
limit, window = sys.argv[1].split("/"); limit = int(limit)
window = float(window[:-1]) * {"s": 1, "m": 60, "h": 3600}[window[-1]]
requests, span, refused = [int(x) for x in open("facts").read().split()]
# A span begins with its first request: the others are what the limit allows in it.
allowed = span / 1000 / window * limit + 1
print(f"| one account, {sys.argv[1]}, even pace, 20 ms latency | | goal |\n|---|---|---|")
print(f"| {requests} requests in {span / 1000:.1f} s | {requests / allowed:.3f} of what the limit allows | >= 0.99 |")
print(f"| answers 429 | {refused} | 0 |")
PY

#!/usr/bin/env bash
# A load of ROWS (1,000,000) beside a drain at full speed: the longest time between two of the drain's turns, while the load runs and
# while it does not. An answer waits for one turn at most. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
ROWS=${ROWS:-1000000} TASKS=${TASKS:-1000000}
need sqlite3 sqlite3 python3 python3
need_cleanup
work_folder beside
serve
say "beside: $ROWS rows loaded beside a drain, $REPEATS times"
ids "$TASKS" >unfollow.csv
random_ids "$ROWS" 3 >other.csv
for _ in $(seq "$REPEATS"); do
    fresh_queue
    "$CLEANUP" load unfollow.csv >/dev/null 2>&1
    # shellcheck disable=SC2046
    "$CLEANUP" resume $(lifted) >/dev/null 2>&1 &
    CHILD=$!
    sleep 3
    from=${EPOCHREALTIME/./}
    "$CLEANUP" load other.csv --action unblock >/dev/null 2>err || { cat err >&2; exit 1; }
    to=${EPOCHREALTIME/./}
    kill -TERM "$CHILD"; wait "$CHILD" 2>/dev/null || true; CHILD=
    sqlite3 -separator ' ' queue.db "
        select max(case when at between $from / 1000 and $to / 1000 then gap end), max(case when at < $from / 1000 then gap end),
               $to / 1000 - $from / 1000
          from (select reserved_at as at, reserved_at - lag(reserved_at) over (order by reserved_at) as gap
                  from (select distinct reserved_at from attempt where reserved_at > $from / 1000 - 2000))" >>gaps
done
python3 - "$ROWS" <<'PY'
import statistics as s, sys
rows = [[float(x or 'nan') for x in l.rstrip('\n').split(' ')] for l in open("gaps")]
beside, alone, took = zip(*rows)
print(f"| {int(sys.argv[1]):,} rows loaded beside a drain | median | worst | goal |\n|---|---|---|---|")
print(f"| longest time between two turns, during the load | {s.median(beside):.0f} ms | {max(beside):.0f} ms | <= 200 ms |")
print(f"| longest time between two turns, before it | {s.median(alone):.0f} ms | {max(alone):.0f} ms | |")
print(f"| the load | {s.median(took) / 1000:.1f} s | {max(took) / 1000:.1f} s | |")
PY

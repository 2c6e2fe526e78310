#!/usr/bin/env bash
# A queue of ROWS (10,000,000), half of it done, killed with kill -9 in the middle of a drain: from the start of the process to its
# first request at the server; and status and report of it. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
ROWS=${ROWS:-10000000}
need sqlite3 sqlite3 python3 python3 /usr/bin/time time
need_cleanup
work_folder resume
serve requests.log
say "resume: $ROWS rows, $REPEATS times"
random_ids "$ROWS" 5 >unfollow.csv
"$CLEANUP" load unfollow.csv >/dev/null 2>&1
# Half of it done, as a drain leaves it: an attempt for each.
sqlite3 queue.db >/dev/null <<SQL
pragma synchronous = off;
begin immediate;
insert into drain (id, boot, started_tick, started_at, ended_at, stopped)
  values (1, 'made up', 0, 1700000000000, 1700000000001, 'made up');
insert into attempt (id, account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick, ended_at, http_status, finding)
  select task.id, lane.account_id, task.id, 1, lane.action, task.id, 1700000000000, task.id + 1, 1700000000001, 200, 'done'
    from task join lane on lane.id = task.lane_id where task.id <= $ROWS / 2 order by task.id;
update task set state = 4, attempts = 1, last_attempt_id = id, http_status = 200, finished_at = 1700000000001 where id <= $ROWS / 2;
update round set pending = pending - $ROWS / 2, done = $ROWS / 2;
commit;
pragma wal_checkpoint(truncate);
SQL
# A fast limit and not none at all: what counts in its window is read at the start, and 20,000 a second is nobody's window.
PACED=(--yes --rate 2000/1s --pace front-load --progress none --workers 64)
for n in $(seq "$REPEATS"); do
    "$CLEANUP" resume "${PACED[@]}" >/dev/null 2>&1 &
    CHILD=$!
    sleep 2
    kill -9 "$CHILD"; wait "$CHILD" 2>/dev/null || true; CHILD=
    stat -c %s queue.db-wal >>wal
    sqlite3 "file:queue.db?mode=ro" "select count(*) from attempt where ended_at is null" >>open
    : >requests.log
    began=$EPOCHREALTIME
    "$CLEANUP" resume "${PACED[@]}" --max-requests 64 >/dev/null 2>err || [ $? = 4 ] || { cat err >&2; exit 1; }
    echo "$began $(grep -m1 DELETE requests.log)" >>first
    measure status "$CLEANUP" status --json
done
measure report "$CLEANUP" report unfollow -o report.csv
python3 - "$ROWS" <<'PY'
import statistics as s, sys, collections
n = int(sys.argv[1]); t = collections.defaultdict(list); m = collections.defaultdict(int)
for line in open("times"):
    name, seconds, _, _, kib = line.split(); t[name].append(float(seconds)); m[name] = max(m[name], int(kib))
first = [(float(l.split()[1]) - float(l.split()[0])) * 1000 for l in open("first")]
wal, left = max(map(int, open("wal"))), max(map(int, open("open")))
print(f"| {n:,} rows, half done, after kill -9 | | goal |\n|---|---|---|")
print(f"| process start to first request | {s.median(first):.0f} ms (worst {max(first):.0f}) | <= 50 ms |")
print(f"| left behind: write-ahead log, open attempts | {wal / 2**20:.0f} MiB, {left} at most | bounded |")
print(f"| status --json, whole process | {s.median(t['status']) * 1000:.0f} ms | <= 10 ms |")
print(f"| report | {n / t['report'][0]:,.0f} rows/s, {m['report'] / 1024:.0f} MiB | >= 500,000 rows/s, <= 64 MiB |")
PY

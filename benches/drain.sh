#!/usr/bin/env bash
# Draining TASKS (100,000) with the limits lifted, WORKERS (64) in flight, against nginx on loopback; beside it a bare reqwest loop
# with as many requests and, unless APALIS=none, apalis-sqlite with APALIS_TASKS (5,000: it syncs for each). See common.sh for the rest.
. "$(dirname "$0")/common.sh"
TASKS=${TASKS:-100000} WORKERS=${WORKERS:-64} APALIS_TASKS=${APALIS_TASKS:-5000}
need sqlite3 sqlite3 python3 python3 /usr/bin/time time
need_cleanup
need_compare BARE bare
[ "${APALIS:-}" = none ] || need_compare APALIS apalis --features apalis
work_folder drain
serve
say "drain: $TASKS tasks, $WORKERS in flight, $REPEATS times, in ${QUEUE_DIR:-${TMPDIR:-/tmp}}"
ids "$TASKS" >unfollow.csv
for _ in $(seq "$REPEATS"); do
    "$BARE" "$URL" "$TASKS" "$WORKERS" >>bare.times
    fresh_queue; "$CLEANUP" load unfollow.csv >/dev/null 2>&1
    # shellcheck disable=SC2046
    measure drain "$CLEANUP" run unfollow.csv $(lifted)
    sqlite3 queue.db "select count(distinct reserved_tick) from attempt" >>turns
    sqlite3 queue.db "select count(*) from task where state <> 4" >>left
    if [ "${APALIS:-}" != none ]; then rm -f apalis.db*; "$APALIS" "$URL" "$HERE/apalis.db" "$APALIS_TASKS" "$WORKERS" >>apalis.times; fi
done
grep -qvx 0 left && { say "not every task was done"; exit 1; }
python3 - "$TASKS" "$WORKERS" <<'PY'
import os, statistics as s, sys
n = int(sys.argv[1])
rates = lambda name: [float(l.split()[2]) for l in open(name)] if os.path.exists(name) else []
bare, apalis = rates("bare.times"), rates("apalis.times")
mine = [[float(x) for x in l.split()[1:]] for l in open("times")]
turns = s.median(float(l) for l in open("turns"))
rate = [n / r[0] for r in mine]
over = lambda other: s.median(a / b for a, b in zip(rate, other))
print(f"| {n:,} tasks, {sys.argv[2]} in flight | requests/s | ratio | goal | CPU us a request | requests a turn | peak |\n|---|---|---|---|---|---|---|")
print(f"| queue | {s.median(rate):,.0f} | 1 | | {s.median((r[1] + r[2]) / n * 1e6 for r in mine):.0f} | {n / turns:.0f} or more | {max(r[3] for r in mine) / 1024:.0f} MiB |")
print(f"| bare reqwest | {s.median(bare):,.0f} | the queue makes {over(bare):.2f} x | >= 0.5 x | | | |")
if apalis: print(f"| apalis-sqlite 1.0 | {s.median(apalis):,.0f} | the queue makes {over(apalis):.1f} x | >= 2 x | | | |")
PY

#!/usr/bin/env bash
# One account at 50 per 15 minutes between two slots: what waiting costs over SECONDS_LONG (60), and then, counted with strace over
# as long again, its wake-ups and commits. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
SECONDS_LONG=${SECONDS_LONG:-60}
need sqlite3 sqlite3 python3 python3 strace strace
need_cleanup
work_folder waiting
serve
say "waiting: $SECONDS_LONG s, twice"
ids 50 >unfollow.csv
"$CLEANUP" run unfollow.csv --yes --progress none --rate 50/15m >/dev/null 2>&1 &
CHILD=$!
sleep 3
# utime and stime, in ticks of the clock, of all its threads.
used() { awk '{ print $14 + $15 }' "/proc/$CHILD/stat"; }
slept() { cat /proc/"$CHILD"/task/*/status | awk '/^voluntary_ctxt/ { n += $2 } END { print n }'; }
made() { sqlite3 "file:queue.db?mode=ro" "select count(*) from attempt"; }
from_cpu=$(used) from_wakes=$(slept) from_made=$(made)
sleep "$SECONDS_LONG"
cpu=$(($(used) - from_cpu)) wakes=$(($(slept) - from_wakes)) done_requests=$(($(made) - from_made))
from_made=$(made)
timeout -s INT "$SECONDS_LONG" strace -f -qq -o calls -e trace=fsync,fdatasync,epoll_wait,epoll_pwait,pwrite64 -p "$CHILD" || true
traced=$(($(made) - from_made))
# A commit is a sync of the write-ahead log; a checkpoint's are few and on the database.
syncs=$(grep -cE 'f(data)?sync\(' calls || true) polls=$(grep -cE 'epoll_p?wait.*\) *= ' calls || true)
python3 - "$SECONDS_LONG" "$cpu" "$wakes" "$done_requests" "$syncs" "$polls" "$traced" "$(getconf CLK_TCK)" <<'PY'
import sys
length, cpu, wakes, done, syncs, polls, traced, ticks = map(int, sys.argv[1:])
share = cpu / ticks / length * 100
print(f"| one account between slots, {length} s | | goal |\n|---|---|---|")
print(f"| processor | {share:.3f} % of a core ({cpu} ticks of {1000 // ticks} ms, {done} requests) | < 0.2 % |")
print(f"| thread wake-ups | {wakes / length:.1f} a second, those of {done} requests counted | the heap's |")
print(f"| under strace: returns of epoll | {polls / length:.1f} a second | |")
print(f"| syncs | {syncs} for {traced} requests | two a request |")
PY

#!/usr/bin/env bash
# Loading, loading again, reporting and status of ROWS random IDs (1,000,000), against sqlite3's .import of the same file into a
# UNIQUE column: of integers, which is what the queue holds, and of text. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
ROWS=${ROWS:-1000000}
need sqlite3 sqlite3 python3 python3 /usr/bin/time time
need_cleanup
work_folder load
say "load: $ROWS rows, $REPEATS times"
random_ids "$ROWS" 7 >a.csv
python3 - "$ROWS" <<'PY'
import random, sys
n = int(sys.argv[1]); random.seed(11); share = max(n // 100, 1)
# One row in a hundred goes, and as many come, anywhere.
gone, new = set(random.sample(range(n), share)), sorted(random.sample(range(n), share))
with open("a.csv") as old, open("b.csv", "w") as out:
    out.write(next(old)); at = 0
    for k, row in enumerate(old):
        while at < len(new) and new[at] == k: out.write(f"{3 * 10**18 + at * 7919}\n"); at += 1
        if k not in gone: out.write(row)
PY
for _ in $(seq "$REPEATS"); do
    fresh_queue
    cp a.csv unfollow.csv; measure load "$CLEANUP" load unfollow.csv
    measure unchanged "$CLEANUP" load unfollow.csv
    cp b.csv unfollow.csv; measure changed "$CLEANUP" load unfollow.csv
    measure report "$CLEANUP" report unfollow -o report.csv
    measure status "$CLEANUP" status --json
    for type in integer text; do
        rm -f import.db*
        measure "$type" sqlite3 import.db "pragma journal_mode=wal" "pragma synchronous=full" \
            "create table t(id $type unique)" ".mode csv" ".import --skip 1 a.csv t"
    done
done
python3 - "$ROWS" <<'PY'
import statistics as s, sys, collections
n = int(sys.argv[1]); t = collections.defaultdict(list); c = collections.defaultdict(list); m = collections.defaultdict(int)
for line in open("times"):
    name, seconds, user, system, kib = line.split()
    t[name].append(float(seconds)); c[name].append(float(user) + float(system)); m[name] = max(m[name], int(kib))
ratio = lambda a, b: s.median(x / max(y, 0.01) for x, y in zip(t[a], t[b]))
told = lambda seconds: f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"
def row(what, name, of, reach):
    print(f"| {what} | {told(s.median(t[name]))} | {told(s.median(c[name]))} | {m[name] / 1024:.0f} MiB | {of} | {reach} |")
print(f"| {n:,} rows | median | CPU | peak | ratio | goal |\n|---|---|---|---|---|---|")
row("sqlite3 .import, integer UNIQUE", "integer", "1", "")
row("sqlite3 .import, text UNIQUE", "text", f"{ratio('text', 'integer'):.2f} x the integers", "")
row("load", "load", f"{ratio('integer', 'load'):.2f} x .import of integers, {ratio('text', 'load'):.2f} x of text", ">= 3 x of text, <= 48 MiB")
row("load again, unchanged", "unchanged", f"{ratio('unchanged', 'load'):.3f} x load", "<= 0.05 x")
row("load again, 1 % changed", "changed", f"{ratio('changed', 'load'):.2f} x load", "<= 0.5 x")
row("report", "report", f"{n / s.median(t['report']):,.0f} rows/s", ">= 500,000 rows/s, <= 64 MiB")
row("status --json", "status", "whole process", "<= 10 ms")
PY

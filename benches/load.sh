#!/usr/bin/env bash
# Loading, loading again, reporting and status of ROWS random IDs, against sqlite3's .import into a UNIQUE column.
# Prints a Markdown table of medians of RUNS. CLEANUP names the program.
set -euo pipefail
ROWS=${ROWS:-1000000} RUNS=${RUNS:-5} CLEANUP=${CLEANUP:-target/release/cleanup}
CLEANUP=$(realpath "$CLEANUP")
HERE=$(mktemp -d "${TMPDIR:-/tmp}/cleanup-load.XXXXXX")
trap 'rm -rf "$HERE"' EXIT
cd "$HERE"
python3 - "$ROWS" <<'PY'
import random, sys
n = int(sys.argv[1]); random.seed(7)
ids = set()
while len(ids) < n + n // 100: ids.add(random.randrange(10**18, 2 * 10**18))
ids = list(ids); random.shuffle(ids)
first, new = ids[:n], ids[n:]
def write(name, rows): open(name, "w").write("target_id\n" + "".join(f"{i}\n" for i in rows))
write("a.csv", first)
gone = set(random.sample(range(n), n // 100))
kept = [i for k, i in enumerate(first) if k not in gone]
at = sorted(random.randrange(len(kept)) for _ in new); mixed, j = [], 0
for k, i in enumerate(kept):
    while j < len(at) and at[j] == k: mixed.append(new[j]); j += 1
    mixed.append(i)
write("b.csv", mixed + new[j:])
PY
export HOME=$HERE XDG_DATA_HOME=$HERE XDG_CONFIG_HOME=$HERE CLEANUP_X_USER_ID=77 CLEANUP_DB=$HERE/queue.db
measure() { # name command...: appends "name seconds KiB"
    local name=$1; shift
    /usr/bin/time -f "$name %e %M" -a -o times "$@" >out 2>err || { cat err >&2; exit 1; }
}
for _ in $(seq "$RUNS"); do
    rm -f queue.db* import.db*
    cp a.csv unfollow.csv; measure load "$CLEANUP" load unfollow.csv
    measure unchanged "$CLEANUP" load unfollow.csv
    cp b.csv unfollow.csv; measure changed "$CLEANUP" load unfollow.csv
    measure report "$CLEANUP" report unfollow -o report.csv
    measure status "$CLEANUP" status --json
    measure import sqlite3 import.db "pragma journal_mode=wal" "pragma synchronous=full" \
        "create table t(id text unique)" ".mode csv" ".import --skip 1 a.csv t"
done
python3 - "$ROWS" <<'PY'
import statistics as s, sys, collections
n = int(sys.argv[1]); t = collections.defaultdict(list); m = collections.defaultdict(int)
for line in open("times"):
    name, seconds, kib = line.split(); t[name].append(float(seconds)); m[name] = max(m[name], int(kib))
ratio = lambda a, b: s.median(x / max(y, 0.01) for x, y in zip(t[a], t[b]))
row = lambda what, name, of, reach: print(f"| {what} | {s.median(t[name]):.2f} s | {m[name] / 1024:.0f} MiB | {of} | {reach} |")
print(f"| {n} rows | median | peak | ratio | reach |\n|---|---|---|---|---|")
row("sqlite3 .import, UNIQUE", "import", "1", "")
row("load", "load", f"{ratio('import', 'load'):.1f} x .import", ">= 3 x, <= 48 MiB")
row("load again, unchanged", "unchanged", f"{ratio('unchanged', 'load'):.3f} x load", "<= 0.05 x")
row("load again, 1 % changed", "changed", f"{ratio('changed', 'load'):.2f} x load", "<= 0.5 x")
row("report", "report", f"{n / s.median(t['report']):,.0f} rows/s", ">= 500,000 rows/s, <= 64 MiB")
row("status --json", "status", "whole process", "<= 10 ms")
PY

#!/usr/bin/env bash
# Cost per row from 10^4 to 10^MAX_POWER (7) rows: loading, claiming and settling (a drain of 20,000 tasks at most, limits lifted), and
# resuming. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
MAX_POWER=${MAX_POWER:-7} MIN_POWER=${MIN_POWER:-4}
need sqlite3 sqlite3 python3 python3 /usr/bin/time time
need_cleanup
work_folder growth
serve requests.log
for power in $(seq "$MIN_POWER" "$MAX_POWER"); do
    rows=$((10 ** power)) requests=$((10 ** power > 20000 ? 20000 : 10 ** power / 2))
    say "growth: $rows rows"
    random_ids "$rows" 3 >unfollow.csv
    for _ in $(seq "$([ "$power" -gt 6 ] && echo 1 || echo "$REPEATS")"); do
        fresh_queue
        measure "load-$power" "$CLEANUP" load unfollow.csv
        # shellcheck disable=SC2046
        /usr/bin/time -f "drain-$power %e %U %S %M" -a -o times "$CLEANUP" resume $(lifted) --max-requests "$requests" \
            >/dev/null 2>err || [ $? = 4 ] || { cat err >&2; exit 1; }
        : >requests.log
        began=$EPOCHREALTIME
        "$CLEANUP" resume --yes --progress none --rate 1000000/1s --max-requests 1 >/dev/null 2>err || [ $? = 4 ] || { cat err >&2; exit 1; }
        echo "resume-$power $began $(grep -m1 DELETE requests.log) $requests" >>first
    done
done
python3 <<'PY'
import statistics as s, collections
t, c, n = collections.defaultdict(list), collections.defaultdict(list), {}
for line in open("times"):
    if line.startswith("Command"): continue
    name, seconds, user, system, _ = line.split(); t[name].append(float(seconds)); c[name].append(float(user) + float(system))
for line in open("first"):
    name, began, at, _, requests = line.split(); t[name].append((float(at) - float(began)) * 1000); n[name[7:]] = int(requests)
print("| rows | load, us a row | CPU | claim and settle, us a request | CPU | process start to first request |\n|---|---|---|---|---|---|")
for power, requests in n.items():
    rows = 10 ** int(power); load, drain = f"load-{power}", f"drain-{power}"
    us = lambda of, name, by: s.median(of[name]) / by * 1e6
    print(f"| 10^{power} | {us(t, load, rows):.2f} | {us(c, load, rows):.2f} | {us(t, drain, requests):.0f} | {us(c, drain, requests):.0f} "
          f"| {s.median(t['resume-' + power]):.0f} ms |")
PY

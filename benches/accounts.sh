#!/usr/bin/env bash
# Many accounts under one limit each: ACCOUNTS (100,000) of TASKS (100), RATE (50/15m), for SECONDS_LONG (a whole window, 900) with
# WORKERS (256). See common.sh for the rest.
. "$(dirname "$0")/common.sh"
ACCOUNTS=${ACCOUNTS:-100000} TASKS=${TASKS:-100} RATE=${RATE:-50/15m} SECONDS_LONG=${SECONDS_LONG:-900} WORKERS=${WORKERS:-256}
need sqlite3 sqlite3 python3 python3 /usr/bin/time time
need_accounts_bench
work_folder accounts
serve
say "accounts: $ACCOUNTS of $TASKS tasks, $RATE each, $SECONDS_LONG s"
"$ACCOUNTS_BENCH" prepare "$HERE/queue.db" "$ACCOUNTS" "$TASKS" >&2
sync
measure drain "$ACCOUNTS_BENCH" drain "$HERE/queue.db" "$URL" "$SECONDS_LONG" "$RATE" "$WORKERS"
cat out >&2
# When the k-th request of an account was due, seen from its first three, which leave at once; and what each account got.
sqlite3 -separator ' ' queue.db "
    select count(*), max(reserved_tick) - min(reserved_tick), (select count(*) from account), count(distinct account_id)
      from attempt" >facts
sqlite3 queue.db "
    select n from (select count(*) as n from attempt group by account_id)
     order by n limit 1 offset (select count(distinct account_id) / 100 from attempt)" >least
sqlite3 -separator ' ' queue.db "
    select reserved_tick - min(reserved_tick) over (partition by account_id), row_number() over (partition by account_id order by id)
      from attempt where account_id % max(1, (select count(*) from account) / 10000) = 0" >sample
python3 - "$ACCOUNTS" "$RATE" "$SECONDS_LONG" <<'PY'
import sys
accounts, rate, length = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
limit, window = rate.split("/"); limit = int(limit)
window = float(window[:-1]) * {"s": 1, "m": 60, "h": 3600}[window[-1]]
seconds, user, system, kib = [float(x) for x in open("times").read().split()[1:]]
requests, span_ms, known, served = [int(x) for x in open("facts").read().split()]
least = int(open("least").read())
first = [l.split()[1] for l in open("out") if l.startswith("first_outcome_s")][0]
period = window / limit * 1000
allowed = min(limit, 3 + (length - float(first)) // (period / 1000)) if length <= window else (length / window) * limit
late = sorted(max(0, int(at) - (int(k) - 3) * period) for at, k in map(str.split, open("sample")) if int(k) > 3) or [0]
at = lambda share: late[min(len(late) - 1, int(len(late) * share))]
print(f"| {accounts:,} accounts, {rate}, {length:.0f} s | | goal |\n|---|---|---|")
print(f"| requests | {requests:,} = {requests / (accounts * allowed):.3f} of what the limit allows | >= 0.99 |")
print(f"| the account at the 1st percentile | {least} of {allowed:.0f} | >= 0.99 |")
print(f"| processor | {(user + system) / seconds:.2f} core | <= 1 |")
print(f"| peak memory | {kib / 1024:.0f} MiB | <= 256 MiB |")
print(f"| first outcome after the start | {first} s | <= 2 s |")
print(f"| a request is late by (p50, p99, worst) | {at(.5):.0f}, {at(.99):.0f}, {late[-1]:.0f} ms | |")
PY

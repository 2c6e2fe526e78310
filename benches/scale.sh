#!/usr/bin/env bash
# One queue on a PostgreSQL server, limits lifted: TASKS (100,000) of ACCOUNTS (400), drained by each of PROCESSES ("1 2 4") at once with WORKERS
# (64) in flight each, against nginx on loopback. Beside it on the same server a plain loop of as many clients (pgbench): one row at a time by
# `for update skip locked limit 1`, and BATCH (50) at a time; and the same rows in a file with one process. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
TASKS=${TASKS:-100000} ACCOUNTS=${ACCOUNTS:-400} PROCESSES=${PROCESSES:-1 2 4} WORKERS=${WORKERS:-64} BATCH=${BATCH:-50}
[ -d /usr/lib/postgresql ] || need initdb postgresql
need python3 python3 /usr/bin/time time
need_cleanup
work_folder scale
serve
unset CLEANUP_X_TOKEN CLEANUP_X_USER_ID
export CLEANUP_KEY="a key of this benchmark"
say "scale: $TASKS tasks of $ACCOUNTS accounts, $PROCESSES processes, $REPEATS times"

# A cluster of its own, as it is after initdb: it waits for its disk at each commit.
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
as_user=()
if [ "$(id -u)" -eq 0 ]; then as_user=(runuser -u postgres --); fi
mkdir "$HERE/server"
if [ "$(id -u)" -eq 0 ]; then chmod 711 "$HERE"; chown postgres "$HERE/server"; fi
end_server() {
    (cd / && "${as_user[@]}" "$programs/pg_ctl" -D "$HERE/server/data" -m immediate stop >/dev/null 2>&1) || true
    tidy_up
}
trap end_server EXIT
(cd / && "${as_user[@]}" "$programs/initdb" -D "$HERE/server/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null)
port=$((20000 + RANDOM % 10000))
(cd / && "${as_user[@]}" "$programs/pg_ctl" -D "$HERE/server/data" -l "$HERE/server/log" -w -o "-p $port -k $HERE/server -c listen_addresses=127.0.0.1" start >/dev/null)
server=postgres://postgres@127.0.0.1:$port
tell() { "$programs/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$server/postgres" "$@"; }

{
    echo name,platform,user_id,access_token,refresh_token,expires_at,access_secret
    for n in $(seq "$ACCOUNTS"); do echo "a$n,x-v2,$((1000 + n)),pretend,,,"; done
} >accounts.csv
ids "$TASKS" | awk -v a="$ACCOUNTS" 'NR == 1 { print $0 ",account"; next } { print $0 ",a" NR % a + 1 }' >unfollow.csv

# drain KIND COUNT: loads all rows into a new queue and has so many processes drain it; adds "KIND COUNT seconds CPU-seconds" to the file drains.
drain() {
    local kind=$1 count=$2 began pids=() n
    "$CLEANUP" account import accounts.csv >/dev/null 2>&1
    "$CLEANUP" load unfollow.csv >/dev/null 2>&1
    sync
    began=$EPOCHREALTIME
    for n in $(seq "$count"); do
        # shellcheck disable=SC2046
        /usr/bin/time -f "%U %S" -o "cost.$n" "$CLEANUP" resume $(lifted) >/dev/null 2>"err.$n" &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n" || { cat err.* >&2; exit 1; }; done
    echo "$kind $count $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f", b - a }') $(for n in $(seq "$count"); do tail -n 1 "cost.$n"; done | awk '{ s += $1 + $2 } END { print s }')" >>drains
    "$CLEANUP" status --json | python3 -c 'import json, sys; job = json.load(sys.stdin)["jobs"][0]; sys.exit(job["done"] != job["rows"])' || { say "not every task was done"; exit 1; }
}

# plain NAME ROWS CLIENTS: a loop of pgbench that marks ROWS at a time, until all tasks are.
plain() {
    local rows=$2 clients=$3
    tell -c "drop table if exists plain" -c "create table plain (id bigint primary key, state int not null)" \
        -c "insert into plain select n, 0 from generate_series(1, $TASKS) as n" -c "create index on plain (id) where state = 0" -c "vacuum analyze plain"
    echo "update plain set state = 1 where id = any (array(select id from plain where state = 0 order by id limit $rows for update skip locked));" >plain.sql
    local each=$((TASKS / rows / clients))
    "$programs/pgbench" -n -f plain.sql -c "$clients" -j "$clients" -t "$each" "$server/postgres" 2>/dev/null |
        awk -v name="$1" -v rows="$rows" -v clients="$clients" '/^tps = / { print name, clients, $3 * rows }' >>plains
}

for _ in $(seq "$REPEATS"); do
    fresh_queue
    CLEANUP_DB=$HERE/queue.db drain file 1
    for count in $PROCESSES; do
        tell -c "drop database if exists queue with (force)" -c "create database queue encoding 'UTF8' template template0"
        CLEANUP_DB=$server/queue drain server "$count"
        plain one 1 "$count"
        plain many "$BATCH" "$count"
    done
done
python3 - "$TASKS" "$WORKERS" "$BATCH" <<'PY'
import statistics as s, sys
tasks, workers, batch = int(sys.argv[1]), sys.argv[2], sys.argv[3]
drains, plains = {}, {}
for kind, count, seconds, cpu in map(str.split, open("drains")):
    drains.setdefault((kind, int(count)), []).append((tasks / float(seconds), float(cpu) / tasks * 1e6))
for name, clients, rate in map(str.split, open("plains")):
    plains.setdefault((name, int(clients)), []).append(float(rate))
rate = lambda key: s.median(r for r, _ in drains[key])
first = min(n for kind, n in drains if kind == "server")
print(f"| {tasks:,} tasks, {workers} in flight each | tasks/s | to one process | to `skip locked` one by one | to `skip locked` by {batch} | CPU us a task |\n|---|---|---|---|---|---|")
for (kind, n) in sorted(drains):
    over = lambda name: f"{rate((kind, n)) / s.median(plains[name, n]):.2f} x" if kind == "server" else ""
    name = "a file, 1 process" if kind == "file" else f"a server, {n} process" + ("es" if n > 1 else "")
    to_one = f"{rate((kind, n)) / rate(('server', first)):.2f} x"
    print(f"| {name} | {rate((kind, n)):,.0f} | {to_one} | {over('one')} | {over('many')} | {s.median(c for _, c in drains[kind, n]):.0f} |")
PY

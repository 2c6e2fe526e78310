#!/usr/bin/env bash
# Draining with the limits lifted against nginx on loopback, beside a bare reqwest loop with as many requests.
# TASKS, WORKERS and RUNS set the size; CLEANUP and BARE name the programs (BARE: cargo build --release in benches/compare);
# QUEUE_DIR is where the queue lies (a RAM disk shows the cost without the disk's).
set -euo pipefail
TASKS=${TASKS:-100000} WORKERS=${WORKERS:-64} RUNS=${RUNS:-5} PORT=${PORT:-18080}
CLEANUP=$(realpath "${CLEANUP:-target/release/cleanup}") BARE=$(realpath "${BARE:-benches/compare/target/release/bare}")
HERE=$(mktemp -d "${QUEUE_DIR:-${TMPDIR:-/tmp}}/cleanup-drain.XXXXXX")
trap 'kill "$(cat "$HERE/nginx.pid")" 2>/dev/null; sleep 0.2; rm -rf "$HERE"' EXIT
cd "$HERE"
cat >nginx.conf <<CONF
daemon on; worker_processes 1; pid $HERE/nginx.pid; error_log $HERE/nginx.err;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 300s;
  client_body_temp_path $HERE/b; proxy_temp_path $HERE/p; fastcgi_temp_path $HERE/f; uwsgi_temp_path $HERE/u; scgi_temp_path $HERE/s;
  server { listen 127.0.0.1:$PORT; location / { default_type application/json; return 200 '{"data":{"following":false}}'; } } }
CONF
PATH=$PATH:/usr/sbin nginx -c "$HERE/nginx.conf"
{ echo target_id; seq 1000000000000000007 7919 $((1000000000000000007 + 7919 * (TASKS - 1))); } >unfollow.csv
export HOME=$HERE XDG_DATA_HOME=$HERE XDG_CONFIG_HOME=$HERE CLEANUP_X_USER_ID=77 CLEANUP_DB=$HERE/queue.db
export CLEANUP_X_TOKEN=pretend CLEANUP_X_API=http://127.0.0.1:$PORT
for _ in $(seq "$RUNS"); do
    "$BARE" "http://127.0.0.1:$PORT" "$TASKS" "$WORKERS" >>bare.times
    rm -f queue.db*; "$CLEANUP" load unfollow.csv >/dev/null 2>&1
    /usr/bin/time -f "%e %U %S %M" -a -o drain.times "$CLEANUP" run unfollow.csv --yes --rate 1000000/1s --pace front-load \
        --workers "$WORKERS" --progress none >/dev/null 2>err || { cat err >&2; exit 1; }
done
python3 - "$TASKS" "$WORKERS" <<'PY'
import statistics as s, sys
n = int(sys.argv[1])
bare = [float(l.split()[2]) for l in open("bare.times")]
mine = [[float(x) for x in l.split()] for l in open("drain.times")]
rate = [n / r[0] for r in mine]
print(f"| {n} tasks, {sys.argv[2]} in flight | requests/s | CPU us a request | peak |\n|---|---|---|---|")
print(f"| bare reqwest | {s.median(bare):,.0f} | | |")
print(f"| queue | {s.median(rate):,.0f} = {s.median(a / b for a, b in zip(rate, bare)):.2f} x bare (reach 0.5) "
      f"| {s.median((r[1] + r[2]) / n * 1e6 for r in mine):.0f} | {max(r[3] for r in mine) / 1024:.0f} MiB |")
PY

# What the benchmark scripts share; they source it. Each takes its sizes from the environment and prints a Markdown table.
#   REPEATS     runs of which the median is told (5)
#   QUEUE_DIR   where the queues lie (the folder for temporary files; a RAM disk shows the cost without the disk's)
#   CLEANUP, BARE, APALIS, ACCOUNTS_BENCH  programs built already; otherwise they are built
# Everything lies in a folder of its own that goes with the script, and so does the server.
set -euo pipefail
BENCHES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPOSITORY=$(dirname "$BENCHES")
REPEATS=${REPEATS:-5}
TARGET=$(realpath -m "${CARGO_TARGET_DIR:-$REPOSITORY/target}")
PATH=$PATH:/usr/sbin

say() { echo "$*" >&2; }

# need COMMAND PACKAGE...: installs Debian packages whose command is missing.
need() {
    while [ $# -ge 2 ]; do
        if ! command -v "$1" >/dev/null; then
            say "installing $2"
            apt-get install -y -q "$2" >/dev/null 2>&1 || { say "$1 is missing (Debian: $2)"; exit 1; }
        fi
        shift 2
    done
}

need_cleanup() {
    if [ -z "${CLEANUP:-}" ]; then
        (cd "$REPOSITORY" && cargo build --release --quiet)
        CLEANUP=$TARGET/release/cleanup
    fi
    CLEANUP=$(realpath "$CLEANUP")
}

# need_compare VARIABLE NAME [--features ...]: a program of benches/compare.
need_compare() {
    local variable=$1 name=$2
    shift 2
    if [ -z "${!variable:-}" ]; then
        (cd "$BENCHES/compare" && CARGO_TARGET_DIR=$TARGET/compare cargo build --release --quiet --bin "$name" "$@")
        printf -v "$variable" %s "$TARGET/compare/release/$name"
    fi
    printf -v "$variable" %s "$(realpath "${!variable}")"
}

need_accounts_bench() {
    if [ -z "${ACCOUNTS_BENCH:-}" ]; then
        ACCOUNTS_BENCH=$(cd "$REPOSITORY" && cargo bench --no-run --bench accounts 2>&1 | sed -n 's/.*Executable.*(\(.*\))/\1/p')
        ACCOUNTS_BENCH=$(cd "$REPOSITORY" && realpath "$ACCOUNTS_BENCH")
    fi
}

# work_folder NAME: a folder that goes with the script, and the environment of a user who lives in it.
work_folder() {
    HERE=$(mktemp -d "${QUEUE_DIR:-${TMPDIR:-/tmp}}/cleanup-$1.XXXXXX")
    trap 'tidy_up' EXIT
    trap 'exit 143' INT TERM
    cd "$HERE"
    export HOME=$HERE XDG_DATA_HOME=$HERE XDG_CONFIG_HOME=$HERE CLEANUP_X_USER_ID=77 CLEANUP_DB=$HERE/queue.db
    export CLEANUP_X_TOKEN=pretend
}

tidy_up() {
    [ -z "${CHILD:-}" ] || { kill -9 "$CHILD"; wait "$CHILD"; } 2>/dev/null || true
    if [ -e "$HERE/nginx.pid" ]; then
        kill "$(cat "$HERE/nginx.pid")" 2>/dev/null || true
        for _ in $(seq 50); do [ -e "$HERE/nginx.pid" ] || break; sleep 0.1; done
    fi
    cd /
    rm -rf "$HERE"
}

# serve [LOG]: nginx on loopback says yes to everything; with a log it writes the time of each request.
serve() {
    need nginx nginx-light
    PORT=${PORT:-18080}
    local log=off
    [ -z "${1:-}" ] || log="$HERE/$1 at"
    cat >"$HERE/nginx.conf" <<CONF
daemon on; worker_processes 1; pid $HERE/nginx.pid; error_log $HERE/nginx.err;
events { worker_connections 4096; }
http { log_format at '\$msec \$request_method'; access_log $log; keepalive_requests 100000000; keepalive_timeout 300s;
  client_body_temp_path $HERE/b; proxy_temp_path $HERE/p; fastcgi_temp_path $HERE/f; uwsgi_temp_path $HERE/u; scgi_temp_path $HERE/s;
  server { listen 127.0.0.1:$PORT; location / { default_type application/json; return 200 '{"data":{"following":false}}'; } } }
CONF
    nginx -c "$HERE/nginx.conf"
    URL=http://127.0.0.1:$PORT
    export CLEANUP_X_API=$URL
}

# ids COUNT [FIRST]: a job file of distinct, synthetic IDs in order.
ids() {
    local first=${2:-1000000000000000007}
    echo target_id
    seq "$first" 7919 $((first + 7919 * ($1 - 1)))
}

# random_ids COUNT SEED: the same in no order.
random_ids() {
    python3 - "$1" "$2" <<'PY'
import random, sys
n, seed = int(sys.argv[1]), int(sys.argv[2])
random.seed(seed)
# A walk with random steps, shuffled by an odd multiplier: distinct without a set of ten million.
step = 10**18 // n
print("target_id")
rows = list(range(n)) if n <= 2_000_000 else None
if rows is not None: random.shuffle(rows)
prime = next(p for p in (15_485_863, 32_452_843, 49_979_687) if n % p)
out = []
for k in range(n):
    at = rows[k] if rows is not None else k * prime % n
    out.append(f"{10**18 + at * step + random.randrange(step)}\n")
    if len(out) == 100_000: sys.stdout.write("".join(out)); out.clear()
sys.stdout.write("".join(out))
PY
}

# measure NAME COMMAND...: adds "NAME seconds user system KiB" to the file times. The seconds are the shell's, which has microseconds
# where time(1) has hundredths.
measure() {
    local name=$1 began
    shift
    began=$EPOCHREALTIME
    /usr/bin/time -f "%U %S %M" -o cost "$@" >out 2>err || { cat err >&2; exit 1; }
    echo "$name $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f", b - a }') $(tail -n 1 cost)" >>times
}

# fresh_queue: none is there.
fresh_queue() { rm -f queue.db queue.db-wal queue.db-shm queue.db.*; }

# lifted: the arguments of a run whose limits are lifted.
lifted() { echo --yes --rate 1000000/1s --pace front-load --progress none --workers "${WORKERS:-64}"; }

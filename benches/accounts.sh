#!/usr/bin/env bash
# Many accounts under 50 per 15 minutes. ACCOUNTS, TASKS (each), SECONDS_LONG, WORKERS set the size; ACCOUNTS_BENCH names the
# program (cargo build --release --bench accounts), URL a server that says yes (benches/drain.sh shows one).
set -euo pipefail
HERE=$(mktemp -d "${QUEUE_DIR:-${TMPDIR:-/tmp}}/cleanup-accounts.XXXXXX")
trap 'rm -rf "$HERE"' EXIT
"$ACCOUNTS_BENCH" prepare "$HERE/queue.db" "${ACCOUNTS:-100000}" "${TASKS:-100}"
/usr/bin/time -f "%e s, %U user, %S sys, %M KiB" \
    "$ACCOUNTS_BENCH" drain "$HERE/queue.db" "$URL" "${SECONDS_LONG:-180}" "${RATE:-50/15m}" "${WORKERS:-256}"

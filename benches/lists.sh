#!/usr/bin/env bash
# The dashboard with a list of ROWS (100,000) posts, sent as an export in X's form: its pages, counts under filters that nobody has asked
# for before, and what `serve` needs of memory; beside it the same questions to a plain table of SQLite. See common.sh for the rest.
. "$(dirname "$0")/common.sh"
ROWS=${ROWS:-100000} PORT=${PORT:-18080}
need python3 python3
need_cleanup
work_folder lists
unset CLEANUP_X_TOKEN CLEANUP_X_USER_ID CLEANUP_DB
say "lists: $ROWS rows, $REPEATS times"
"$CLEANUP" serve --sandbox --listen "127.0.0.1:$PORT" >out 2>err &
CHILD=$!
link() { find . -name '*.link' -exec cat {} +; }
for _ in $(seq 600); do [ -z "$(link)" ] || break; sleep 0.1; done
python3 "$BENCHES/lists.py" "$HERE" "$ROWS" "$REPEATS" "$CHILD" "$(link)"

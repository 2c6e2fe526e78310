#!/usr/bin/env bash
# Cost of loading per row from 10^4 rows up to 10^MAX_POWER (default 6).
set -euo pipefail
cd "$(dirname "$0")/.."
for power in $(seq 4 "${MAX_POWER:-6}"); do ROWS=$((10 ** power)) RUNS=${RUNS:-1} benches/load.sh; echo; done

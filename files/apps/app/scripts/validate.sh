#!/usr/bin/env bash
# Success is an answer of this release, not a process: whoever deploys goes back where this fails.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=/dev/null
. /etc/refarch/app.env
for ((attempt = 1; attempt <= ${VALIDATION_ATTEMPTS:-20}; attempt++)); do
  ((attempt == 1)) || sleep 1
  answer=$(curl --silent --show-error --fail --max-time 5 --dump-header - --output /dev/null "http://127.0.0.1:$PORT/health") || continue
  grep --quiet --ignore-case --fixed-strings "x-release: ${home##*/}" <<<"$answer" && exit 0
  echo "another release answers" >&2
done
exit 1

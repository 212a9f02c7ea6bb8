#!/usr/bin/env bash
# Success is an answer, not a process: CodeDeploy rolls back where this fails.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/refarch/app.env
curl --silent --show-error --fail --retry 20 --retry-delay 2 --retry-all-errors --output /dev/null "http://127.0.0.1:$PORT/health"

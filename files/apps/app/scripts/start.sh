#!/usr/bin/env bash
# Bring the database up to date, then start. A database that is not there yet does not keep the service from starting: it says 503
# at /ready until the next start has migrated.
set -euo pipefail
cd /opt/refarch/app
set -a
# shellcheck source=/dev/null
. /etc/refarch/app.env
set +a
for attempt in 1 2 3 4 5; do
  if PYTHONPATH=src venv/bin/python -m shop_app migrate migrations; then
    break
  fi
  [[ $attempt == 5 ]] && echo "the database was not migrated" >&2
  sleep $((attempt * 3))
done
systemctl enable --quiet shop-app.service
systemctl restart shop-app.service

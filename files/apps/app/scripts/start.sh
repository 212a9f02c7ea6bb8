#!/usr/bin/env bash
# Bring the database up to date, then start. A database that is not there yet does not keep the service from starting: it says 503
# at /ready until the next start has migrated.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
set -a
# shellcheck source=/dev/null
. /etc/refarch/app.env
set +a
python=$(command -v "${PYTHON:-python3}")
attempts=${MIGRATION_ATTEMPTS:-5}
for ((attempt = 1; attempt <= attempts; attempt++)); do
  if (cd "$home" && PYTHONPATH=packages:src runuser -u shop-app -- "$python" -m shop_app migrate migrations); then
    break
  fi
  if ((attempt == attempts)); then
    echo "the database was not migrated" >&2
  else
    sleep $((attempt * 3))
  fi
done

filled() { # $1: a template, $2: the file that is made of it, $3: its mode
  sed -e "s|@HOME@|$home|g" -e "s|@RELEASE@|${home##*/}|g" -e "s|@PYTHON@|$python|g" "$1" > "$2.new"
  chmod "$3" "$2.new"
  mv "$2.new" "$2"
}
if [[ -d /run/systemd/system ]]; then
  filled "$home/systemd/shop-app.service" /etc/systemd/system/shop-app.service 0644
  systemctl daemon-reload
  systemctl enable --quiet shop-app.service
  systemctl restart shop-app.service
else
  filled "$home/sysvinit/shop-app" /etc/init.d/shop-app 0755
  update-rc.d shop-app defaults
  service shop-app restart
fi

#!/usr/bin/env bash
# Serves no more. Requests under way are finished.
set -euo pipefail
if [[ -d /run/systemd/system ]]; then
  if systemctl list-unit-files shop-app.service >/dev/null 2>&1; then
    systemctl stop shop-app.service
  fi
elif [[ -x /etc/init.d/shop-app ]]; then
  service shop-app stop
fi

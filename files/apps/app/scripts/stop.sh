#!/usr/bin/env bash
set -euo pipefail
if systemctl list-unit-files shop-app.service >/dev/null 2>&1; then
  systemctl stop shop-app.service
fi

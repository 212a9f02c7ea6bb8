#!/usr/bin/env bash
# Serves no more. Requests under way are finished.
set -euo pipefail
rm -f /etc/nginx/conf.d/refarch.conf
if [[ -d /run/systemd/system ]]; then
  systemctl stop nginx.service
else
  service nginx stop
fi

#!/usr/bin/env bash
# Lets nginx serve this release. Requests under way are finished by the processes before.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

bash "$home/scripts/install.sh"
install -m 0644 "$home/nginx/web.conf" /etc/nginx/conf.d/refarch.conf.new
mv /etc/nginx/conf.d/refarch.conf.new /etc/nginx/conf.d/refarch.conf
if [[ -d /run/systemd/system ]]; then
  systemctl enable --quiet nginx.service
  systemctl reload-or-restart nginx.service
elif service nginx status >/dev/null; then
  service nginx reload
else
  update-rc.d nginx defaults
  service nginx start
fi

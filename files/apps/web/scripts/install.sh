#!/usr/bin/env bash
# nginx with the web tier's configuration. Amazon Linux 2023 and Debian.
set -euo pipefail
home=/opt/refarch/web
# shellcheck source=/dev/null
. /etc/refarch/web.env

if command -v dnf >/dev/null; then
  dnf install --quiet --assumeyes nginx
else
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes nginx-light curl
  rm -f /etc/nginx/sites-enabled/default
fi
resolver=$(awk '$1 == "nameserver" {print $2; exit}' /etc/resolv.conf)
sed -e "s|@PORT@|$PORT|g" -e "s|@APP_URL@|$APP_URL|g" -e "s|@RESOLVER@|$resolver|g" "$home/nginx/web.conf.template" > /etc/nginx/conf.d/refarch.conf.new
mv /etc/nginx/conf.d/refarch.conf.new /etc/nginx/conf.d/refarch.conf
nginx -t -q

#!/usr/bin/env bash
# Fills in the site of this release and asks nginx what it thinks of it. What serves is not touched.
# SETTINGS: the file of the settings, where it is not the one that counts already.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=/dev/null
. "${SETTINGS:-/etc/refarch/web.env}"

command -v nginx >/dev/null || { echo "nginx is not installed: that is node_web's" >&2; exit 1; }
authorities=${CERTIFICATE_AUTHORITIES:-}
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
  [[ -z $authorities && -e $file ]] && authorities=$file
done
[[ -n $authorities ]] || { echo "there are no certificate authorities: install ca-certificates" >&2; exit 1; }
resolver=$(awk '$1 == "nameserver" {print $2; exit}' /etc/resolv.conf)
[[ $resolver != *:* ]] || resolver="[$resolver]"
sed -e "s|@HOME@|$home|g" -e "s|@RELEASE@|${home##*/}|g" -e "s|@PORT@|$PORT|g" -e "s|@APP_URL@|$APP_URL|g" \
  -e "s|@RESOLVER@|$resolver|g" -e "s|@AUTHORITIES@|$authorities|g" "$home/nginx/web.conf.template" > "$home/nginx/web.conf"
# As it will be: the node's own frame with this site in it. The pid file would be written by the test.
sed -e "s|/etc/nginx/conf\.d/\*\.conf|$home/nginx/web.conf|" -e "s|^pid .*|pid $home/nginx/test.pid;|" /etc/nginx/nginx.conf > "$home/nginx/test.conf"
nginx -t -q -c "$home/nginx/test.conf"
rm -f "$home/nginx/test.conf" "$home/nginx/test.pid"

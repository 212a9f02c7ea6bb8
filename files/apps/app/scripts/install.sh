#!/usr/bin/env bash
# The service's own Python environment, exactly as pinned, and its unit. Amazon Linux 2023 and Debian.
set -euo pipefail
home=/opt/refarch/app
authorities=/etc/refarch/rds-global-bundle.pem

if command -v dnf >/dev/null; then
  dnf install --quiet --assumeyes python3.12
  python=python3.12
else
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes python3-venv curl ca-certificates
  python=python3
fi
"$python" -m venv "$home/venv"
"$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$home/requirements.txt"

# "Using SSL/TLS to encrypt a connection to a DB instance or cluster" (Amazon RDS User Guide).
if [[ ! -s $authorities ]]; then
  install -d -m 0755 /etc/refarch
  curl --silent --show-error --fail --retry 5 --output "$authorities.part" https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
  mv "$authorities.part" "$authorities"
fi
install -m 0644 "$home/systemd/shop-app.service" /etc/systemd/system/shop-app.service
systemctl daemon-reload

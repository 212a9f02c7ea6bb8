#!/usr/bin/env bash
# The service's own Python packages, exactly as pinned, into this release. What serves is not touched.
# SETTINGS: the file of the settings, where it is not the one that counts already. WHEELS: a folder with all packages and pip;
# without it they come from the package index.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=/dev/null
. "${SETTINGS:-/etc/refarch/app.env}"

python=${PYTHON:-python3}
options=(--quiet --disable-pip-version-check --no-cache-dir --root-user-action=ignore --no-warn-conflicts)
if [[ -n ${WHEELS:-} ]]; then
  pip=("$python" "$(find "$WHEELS" -name 'pip-*.whl' | head -n 1)/pip")
  options+=(--no-index --find-links "$WHEELS")
else
  pip=("$python" -m pip)
fi
rm -rf "$home/packages"
"${pip[@]}" install "${options[@]}" --require-hashes --requirement "$home/requirements.txt" --target "$home/packages"
PYTHONPATH="$home/packages:$home/src" "$python" -c 'import shop_app.server'

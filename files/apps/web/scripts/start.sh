#!/usr/bin/env bash
set -euo pipefail
systemctl enable --quiet nginx.service
systemctl reload-or-restart nginx.service

#!/usr/bin/env bash
# What CodeDeploy runs in its hooks: the other scripts, where the releases of this server are.
# DEPLOYMENT_ID and LIFECYCLE_EVENT come from its agent ("AppSpec 'hooks' section", AWS CodeDeploy User Guide).
set -euo pipefail
umask 022
archive=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
tier=/opt/refarch/app
home="$tier/releases/$DEPLOYMENT_ID"
case $LIFECYCLE_EVENT in
  AfterInstall)
    mkdir -p "$tier/releases"
    rm -rf "$home"
    cp -R "$archive" "$home"
    bash "$home/scripts/install.sh"
    ;;
  ApplicationStart)
    ln -sfn "releases/$DEPLOYMENT_ID" "$tier/current.new"
    mv -T "$tier/current.new" "$tier/current"
    bash "$home/scripts/start.sh"
    ;;
  ValidateService)
    bash "$home/scripts/validate.sh"
    # The one that serves and the two before it.
    find "$tier/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +4 | cut -d' ' -f2- | xargs -r rm -rf
    ;;
  *)
    echo "nothing is to be done at $LIFECYCLE_EVENT" >&2
    exit 1
    ;;
esac

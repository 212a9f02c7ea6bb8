#!/bin/sh
# What the document apply-bundle.yml runs on a node, in the folder with the downloaded bundle. Its parameters come as variables:
# BUNDLE_VERSION, PLAYBOOK_FILE, EXTRA_VARIABLES, CHECK (True or False), VERBOSE, INSTALL_DEPENDENCIES (True or False).
# A bundle is refarch.aws.node_bundles': SHA256SUMS, whose own sum is the version, python, requirements.txt, wheels, a playbook.
set -eu
umask 022
export LC_ALL=C.UTF-8 PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="${HOME:-/root}"
library=/var/lib/refarch/bundles
kept=3 # bundles, this one included

fail() {
  echo "apply-bundle: $*" >&2
  exit 1
}

unpack() { # $1: the archive, $2: the folder that is there only when it is whole
  part=$(mktemp -d "$library/.part-XXXXXX")
  trap 'rm -rf "$part"' EXIT
  python3 -m zipfile -e "$1" "$part"
  cd "$part"
  echo "$BUNDLE_VERSION  SHA256SUMS" | sha256sum --check --quiet || fail "the bundle is not version $BUNDLE_VERSION"
  sha256sum --check --quiet SHA256SUMS || fail "the bundle of version $BUNDLE_VERSION is damaged"
  cd - >/dev/null
  chmod 0755 "$part"
  mv "$part" "$2"
  trap - EXIT
}

ready_python() { # sets python, of which Amazon Linux 2023 has several ("Python in AL2023", Amazon Linux 2023 User Guide)
  python=python$(cat "$1/python")
  if ! command -v "$python" >/dev/null; then
    if [ "$INSTALL_DEPENDENCIES" != True ] || ! command -v dnf >/dev/null; then
      fail "this node has no $python, for which the bundle was made"
    fi
    dnf install --quiet --assumeyes "$python"
  fi
}

ready_ansible() { # sets ansible, the folder of an environment with what requirements.txt pins
  sum=$(sha256sum "$1/requirements.txt" | cut -c 1-16)
  ansible=/opt/refarch/ansible/$sum
  [ -e "$ansible/complete" ] && return
  [ "$INSTALL_DEPENDENCIES" = True ] || fail "Ansible is not installed in $ansible, and InstallDependencies is False"
  rm -rf "$ansible"
  "$python" -m venv --without-pip "$ansible"
  for pip in "$1"/wheels/pip-*.whl; do :; done
  "$ansible/bin/python" "$pip/pip" install --quiet --no-index --find-links "$1/wheels" --require-hashes --requirement "$1/requirements.txt"
  touch "$ansible/complete"
}

case $BUNDLE_VERSION in
'' | *[!0-9a-f]*) fail "BundleVersion is '$BUNDLE_VERSION': it is the 64 hexadecimal digits of the bundle's key" ;;
esac
mkdir -p "$library"
# One at a time: an association and a command may come together.
exec 9>"$library/.lock"
flock 9
rm -rf "$library"/.part-*
bundle=$library/$BUNDLE_VERSION
if [ ! -d "$bundle" ]; then
  for archive in ./*.zip; do :; done
  [ -f "$archive" ] || fail "SourceInfo named no archive"
  unpack "$archive" "$bundle"
fi
rm -f ./*.zip
touch "$bundle"
ready_python "$bundle"
ready_ansible "$bundle"

cd "$bundle"
[ -f "$PLAYBOOK_FILE" ] || fail "PlaybookFile is '$PLAYBOOK_FILE', which is not in the bundle"
set -- -i localhost, --connection local --extra-vars "ansible_python_interpreter=$ansible/bin/python" --extra-vars "$EXTRA_VARIABLES"
[ "$CHECK" = True ] && set -- "$@" --check
export ANSIBLE_PIPELINING=1 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_INVENTORY_UNPARSED_WARNING=False ANSIBLE_DISPLAY_SKIPPED_HOSTS=False
export ANSIBLE_HOME=/var/lib/refarch/ansible
"$ansible/bin/python" -m ansible playbook "$@" "$VERBOSE" "$PLAYBOOK_FILE" 9>&-

# shellcheck disable=SC2012 # the names are versions, which have no blanks
ls -1t "$library" | tail -n +$((kept + 1)) | while read -r old; do rm -rf "${library:?}/$old"; done

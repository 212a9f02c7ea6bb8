#!/usr/bin/env bash
# The releases of one service on this node. $1: the service's folder; then a verb with its arguments:
#
#   look                    print as JSON what was applied, with which settings, what serves, and what an unfinished switch goes back to
#   install RELEASE         let its own script prepare it, with $SETTINGS_TEXT for its settings
#   begin SETTINGS [in]     note down what to go back to: the release that serves, the file SETTINGS, and "in" the target group
#   switch RELEASE SETTINGS make it the one that counts, with $SETTINGS_TEXT in the file SETTINGS
#   start | validate        let the scripts of the release that counts do so
#   back SETTINGS           make what was noted down count again
#   end RELEASE FINGERPRINT note down that it is applied, and keep the two newest releases, this one among them
#   forget RELEASE          remove it, unless it is the one that was gone back to
#
# Each verb may be interrupted, and done again: what others look at is only ever renamed into its place.
set -euo pipefail
umask 022
folder=$1 verb=$2
shift 2
if [[ $verb == look && ! -d $folder ]]; then
  echo '{"applied": "", "fingerprint": "", "serving": "", "begun": false, "before": "", "registered": false, "installed": []}'
  exit
fi
mkdir -p "$folder/releases"
cd "$folder"

link() { # $1: a release: what counts from now on
  ln -sfn "releases/$1" current.new
  mv -T current.new current
}

serving() { # The release that counts, an empty line where there is none.
  local target
  target=$(readlink current || true)
  echo "${target##*/}"
}

text() { # $1: a file: what stands in it, nothing where there is none.
  [[ ! -e $1 ]] || cat "$1"
}

there() { # Whether there is a file or folder $1, in JSON.
  if [[ -e $1 ]]; then echo true; else echo false; fi
}

installed() { # The releases that are prepared, as a list in JSON.
  local names
  names=$(find releases -mindepth 2 -maxdepth 2 -name .installed -printf '"%h"\n' | sed 's|releases/||' | paste --serial --delimiters=,)
  echo "[$names]"
}

done_with() { # Forget what there was to go back to, at once.
  rm -rf before.old
  [[ ! -d before ]] || mv -T before before.old
  rm -rf before.old
}

case $verb in
  look)
    printf '{"applied": "%s", "fingerprint": "%s", "serving": "%s", "begun": %s, "before": "%s", "registered": %s, "installed": %s}\n' \
      "$(text applied)" "$(text fingerprint)" "$(serving)" "$(there before)" "$(text before/release)" "$(there before/registered)" "$(installed)"
    ;;
  install)
    printf '%s\n' "$SETTINGS_TEXT" > next.env
    SETTINGS="$folder/next.env" bash "releases/$1/scripts/install.sh"
    rm next.env
    touch "releases/$1/.installed"
    ;;
  begin)
    # What an interrupted run noted down still holds: what serves now may be what it had begun to put there.
    if [[ ! -d before ]]; then
      rm -rf before.new
      mkdir before.new
      serving > before.new/release
      [[ ! -e $1 ]] || cp -p "$1" before.new/settings
      mv -T before.new before
    fi
    [[ ${2:-} != in ]] || touch before/registered
    ;;
  switch)
    mkdir -p "$(dirname "$2")"
    printf '%s\n' "$SETTINGS_TEXT" > "$2.new"
    mv "$2.new" "$2"
    link "$1"
    ;;
  start | validate)
    bash "current/scripts/$verb.sh"
    ;;
  back)
    if [[ -e before/settings ]]; then
      cp -p before/settings "$1.new"
      mv "$1.new" "$1"
    fi
    link "$(cat before/release)"
    ;;
  end)
    echo "$1" > applied.new
    mv applied.new applied
    echo "$2" > fingerprint.new
    mv fingerprint.new fingerprint
    done_with
    touch "releases/$(serving)"
    find releases -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort --reverse --numeric-sort | tail --lines=+3 |
      while read -r _ old; do rm -rf "releases/$old"; done
    ;;
  forget)
    if [[ $(serving) != "$1" ]]; then
      rm -rf "releases/$1" "releases/$1.new"
    elif [[ -z $(text before/release) ]]; then
      # It was the first, so that nothing else could serve.
      bash current/scripts/stop.sh || true
      rm -rf current "releases/$1"
    fi
    done_with
    ;;
  *)
    echo "what is $verb?" >&2
    exit 2
    ;;
esac

#!/usr/bin/env bash
# Prints what there is of this server that the role has to know, a finding a line: a word, a blank, and what it is about.
# In its environment, separated by blanks: PACKAGES (name=file), KERNEL (name=value), MODES (path=what is taken away), FOLDERS,
# FILES (path=SHA-256); and UMASK. One task instead of twenty: each takes a second of the processor, and three over Session Manager.
set -euo pipefail

[[ ! -d /run/systemd/system ]] || echo systemd # sd_booted(3)

for package in $PACKAGES; do
  [[ -e ${package#*=} ]] || echo "package ${package%%=*}"
done

# A setting that is not there ends this, with its name.
for setting in $KERNEL; do
  value=$(sysctl --values "${setting%%=*}")
  [[ $value == "${setting#*=}" ]] || echo "kernel $setting"
done

for rule in $MODES; do
  more=${rule#*=}
  [[ -z $(find "${rule%%=*}" -maxdepth 0 -perm "/${more//-/+}") ]] || echo "mode ${rule%%=*}"
done

for folder in $FOLDERS; do
  [[ -d $folder && $(stat --format '%U %G %a' "$folder") == 'root root 755' ]] || echo "folder $folder"
done

for file in $FILES; do
  path=${file%%=*}
  [[ -f $path && $(stat --format '%U %G %a' "$path") == 'root root 644' && $(sha256sum < "$path") == "${file#*=} "* ]] || echo "file $path"
done

grep --quiet --line-regexp "UMASK $UMASK" /etc/login.defs || echo "umask $UMASK"

# Names only: no hash leaves the server.
awk -F: '$2 !~ /^[!*]/ {print "password " $1}' /etc/shadow

# Session Manager is the way in. Amazon Linux and Debian bring another one along.
for unit in sshd.service sshd.socket ssh.service ssh.socket; do
  [[ -e /usr/lib/systemd/system/$unit || -e /lib/systemd/system/$unit ]] || continue
  [[ $(readlink "/etc/systemd/system/$unit") == /dev/null && -z $(pgrep -x sshd) ]] || echo "unit $unit"
done
[[ ! -e /etc/init.d/ssh ]] || echo "script ssh"
find /root /home -maxdepth 4 \( -name authorized_keys -o -name authorized_keys2 \) -printf 'keys %p\n'

for file in /etc/chrony.conf /etc/chrony/chrony.conf; do
  [[ ! -e $file ]] || echo "chrony $file"
done

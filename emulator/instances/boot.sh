#!/bin/sh
# The first process of an emulated instance: takes a root of its own, then waits, and takes what its orphans leave.
# boot.sh ROOM LOWER HOSTNAME: ROOM is an empty folder, LOWER the files that the instance begins with.
set -eu
room=$1 lower=$2 name=$3

mount --make-rprivate /
mount -t tmpfs -o mode=0755 instance "$room"
mkdir "$room/changed" "$room/work" "$room/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$room/changed,workdir=$room/work" instance "$room/root"
cd "$room/root"

mount -t proc proc proc
# The kernel's settings are this machine's own. Those of the network are the instance's, whose network is one of its own.
mkdir "$room/net"
mount --bind proc/sys/net "$room/net"
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind "$room/net" proc/sys/net
mount --rbind /dev dev
# Shared memory of processes here ends with them.
if [ -d dev/shm ]; then mount -t tmpfs -o mode=1777 instance dev/shm; fi
mount -t sysfs -o ro sysfs sys
# What belongs to whoever runs the emulator is not the instance's.
for folder in run root home mnt media; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=0755 instance "$folder"
done
# What runs here is started by no systemd. ansible-core takes a link from /sbin/init to it for one that is not running yet ("offline",
# ansible.module_utils.facts.system.service_mgr), and would look for units where there are only /etc/init.d and service(8).
rm -f sbin/init
mkdir -p tmp
mount -t tmpfs -o mode=1777 instance tmp

hostname "$name"
echo "$name" > etc/hostname
printf '127.0.0.1 localhost %s\n' "$name" > etc/hosts
rm -f etc/resolv.conf # which may be a link to what is not here
printf 'nameserver 169.254.169.253\noptions timeout:1 attempts:2\n' > etc/resolv.conf

mkdir -p .before
pivot_root . .before
umount -l /.before
rmdir /.before
exec < /dev/null > /dev/null 2>&1
: > /run/booted
exec sh -c 'trap : TERM; while :; do sleep 1000 & wait $! || :; done'

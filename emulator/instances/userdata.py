"""User data: what cloud-init does with it at the first boot of an instance.

"Run commands when you launch an EC2 instance with user data input" (Amazon EC2 User Guide): what begins with #! is run as root, once, and
what it says goes to /var/log/cloud-init-output.log. Other forms (cloud-config, MIME parts) are left alone.
"""

from __future__ import annotations

import gzip
import logging
import subprocess
import threading

from emulator.instances.machine import Instance

log = logging.getLogger("emulator.instances")

_RUN = """
script=/var/lib/cloud/instance/scripts/part-001
mkdir -p "${script%/*}" /var/log
cat > "$script"
chmod 0700 "$script"
"$script" < /dev/null >> /var/log/cloud-init-output.log 2>&1
code=$?
: > /var/lib/cloud/instance/boot-finished
exit $code
"""


def begin(machine: Instance, user_data: bytes) -> None:
    """Run *user_data* on *machine*, beside whoever asks for it."""
    if user_data.startswith(b"\x1f\x8b"):
        user_data = gzip.decompress(user_data)
    if user_data.startswith(b"#!"):
        threading.Thread(target=_run, args=(machine, user_data), name=f"user data of {machine.id}", daemon=True).start()
    elif user_data:
        log.warning("%s: user data that does not begin with #! is not run", machine.id)


def _run(machine: Instance, user_data: bytes) -> None:
    try:
        done = machine.run("sh", "-c", _RUN, given=user_data)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("%s: user data: %s", machine.id, error)
        return
    if done.returncode and machine.running:
        log.warning("%s: user data ended with %s (/var/log/cloud-init-output.log there says why)", machine.id, done.returncode)

"""What ansible-test runs to get pip into an empty environment, without the web: Python carries one, which fetches the other."""

import os
import subprocess
import sys

PIP = "pip==25.2"

subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PIP], env=environment)

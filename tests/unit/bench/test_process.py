"""What a command costs."""

from __future__ import annotations

import os
import sys

import pytest

from tests.bench.process import Failed, Sample, cpu_seconds, run

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_wall_and_cpu_with_children(tmp_path):
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    wall, cpu = run([sys.executable, "-c", script], tmp_path, os.environ, tmp_path / "log")
    assert 0.3 <= cpu < 5 and wall >= 0.3


def test_a_failure_says_the_last_words(tmp_path):
    with pytest.raises(Failed, match=r"ended with 3:\nout of luck"):
        run([sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"], tmp_path, os.environ, tmp_path / "log")


def test_cpu_seconds_of_this_process():
    assert cpu_seconds(os.getpid()) > 0


def test_samples_add_up():
    assert Sample(1.0, 0.5, 0.25, 10, 1) + Sample(2.0, 1.0, 0.5, 20, 2) == Sample(3.0, 1.5, 0.75, 30, 3)

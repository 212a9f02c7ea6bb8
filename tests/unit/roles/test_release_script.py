"""What switches releases on a server: interrupted after each of its steps, it goes on where it was."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "roles" / "node_release" / "files" / "release.sh"


class Server:
    """A folder that stands for /opt/refarch/<name>, with releases whose scripts write down that they ran."""

    def __init__(self, root: Path):
        self.root, self.folder, self.settings = root, root / "web", root / "etc" / "web.env"

    def run(self, verb: str, *arguments: str, text: str = "A=1") -> str:
        words = ["bash", str(SCRIPT), str(self.folder), verb, *arguments]
        done = subprocess.run(words, env={**os.environ, "SETTINGS_TEXT": text}, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def look(self) -> dict:
        return json.loads(self.run("look"))

    def bring(self, name: str) -> None:
        scripts = self.folder / "releases" / name / "scripts"
        scripts.mkdir(parents=True)
        calls = self.root / "calls"
        for script in ("install", "start", "stop", "validate"):
            (scripts / f"{script}.sh").write_text(f"echo {script} {name} >> {calls}\ncat ${{SETTINGS:-/dev/null}} >> {calls}\n")

    def switch(self, name: str, text: str = "A=1", registered: str = "out", until: str = "end") -> None:
        """All steps to *name*, up to the one called *until*."""
        if not (self.folder / "releases" / name).exists():
            self.bring(name)
        steps = [
            ("install", name),
            ("begin", str(self.settings), registered),
            ("switch", name, str(self.settings)),
            ("start",),
            ("validate",),
            ("end", name, f"sum of {text}"),
        ]
        for verb, *arguments in steps:
            self.run(verb, *arguments, text=text)
            if verb == until:
                return

    def calls(self) -> list[str]:
        found = (self.root / "calls").read_text().split("\n")
        (self.root / "calls").unlink()
        return [line for line in found if line]


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


NOTHING = {"applied": "", "fingerprint": "", "serving": "", "begun": False, "before": "", "registered": False, "installed": []}


def test_looking_makes_nothing(tmp_path):
    assert Server(tmp_path / "none").look() == NOTHING
    assert not (tmp_path / "none").exists()


def test_the_first_release(server):
    assert server.look() == NOTHING
    server.switch("one")
    assert server.calls() == ["install one", "A=1", "start one", "validate one"]
    expected = {"applied": "one", "fingerprint": "sum of A=1", "serving": "one", "installed": ["one"]}
    assert server.look() == NOTHING | expected
    assert server.settings.read_text() == "A=1\n"
    assert oct(server.settings.stat().st_mode)[-3:] == "644"


@pytest.mark.parametrize("step", ["begin", "switch", "start", "validate"])
@pytest.mark.parametrize("again", [False, True])
def test_the_way_back_from_each_step(server, step, again):
    """Also where another run begins first, and comes to the same end."""
    server.switch("one")
    server.switch("two", "A=2", "in", until=step)
    if again:
        server.switch("three", "A=3", "out", until=step)
    found = server.look()
    assert (found["applied"], found["begun"], found["before"], found["registered"]) == ("one", True, "one", True)
    server.run("back", str(server.settings))
    bad = "three" if again else "two"
    server.run("forget", bad)
    found = server.look()
    assert (found["applied"], found["serving"], found["begun"], found["registered"]) == ("one", "one", False, False)
    assert server.settings.read_text() == "A=1\n"
    assert not (server.folder / "releases" / bad).exists()


def test_other_settings_alone_can_be_taken_back_too(server):
    server.switch("one")
    server.switch("one", "A=2", until="validate")
    assert server.settings.read_text() == "A=2\n"
    server.run("back", str(server.settings))
    server.run("forget", "one")
    assert (server.look()["serving"], server.settings.read_text()) == ("one", "A=1\n")
    assert (server.folder / "releases" / "one").exists()


def test_a_first_release_that_does_not_work_is_stopped_and_gone(server):
    server.switch("one", until="start")
    server.calls()
    server.run("forget", "one")
    assert server.calls() == ["stop one"]
    assert server.look() == NOTHING
    assert not (server.folder / "releases" / "one").exists()


def test_a_release_that_was_not_switched_to_is_only_removed(server):
    server.switch("one")
    server.switch("two", until="install")
    server.run("forget", "two")
    assert (server.look()["serving"], server.look()["installed"]) == ("one", ["one"])


def test_the_last_two_are_kept(server):
    for number, name in enumerate(("one", "two", "three")):
        server.switch(name)
        os.utime(server.folder / "releases" / name, (number, number))
    server.switch("three")
    assert sorted(path.name for path in (server.folder / "releases").iterdir()) == ["three", "two"]
    assert sorted(path.name for path in server.folder.iterdir()) == ["applied", "current", "fingerprint", "releases"]

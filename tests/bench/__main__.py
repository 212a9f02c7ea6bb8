"""``python -m tests.bench``: measure refarch against Terraform in one run.

With an environment of the base on both sides, then with several in one account. Takes about an hour, most of it first applies by
Terraform; ``--cases no-op,plan --environments 1`` takes a quarter of that, and ``--scenario foundation`` less than half of either.
Exit code 0; 1 where ``--assert`` finds a bar missed; 2 where a command failed or did what it must not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

from tests.bench import provider, report
from tests.bench.measure import Measure
from tests.bench.process import Failed
from tests.bench.report import REFARCH, TERRAFORM
from tests.bench.sides import LAYERS, Refarch, Side, Terraform, environments, terraform_version
from tests.processes import ROOT, Running, start

BUILD = ROOT / "build" / "bench"
PACKAGES = ("ansible-core", "boto3", "botocore", "moto")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    tool = _tool(options)
    if tool is None and options.only == TERRAFORM:
        return 0
    versions = {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}
    if tool:
        versions |= {"terraform": terraform_version(tool), "terraform-provider-aws": tool.version}
    names = environments(options.environments)
    loads = [os.getloadavg()]
    try:
        with _running(options, tool) as ways:
            measure = Measure(ways, options.cases, options.runs)
            differences = measure.warm_up()
            for latency in options.latencies:
                measure.at(latency)
            if len(names) > 1:
                differences += measure.grow(names, options.latencies)
    except Failed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    loads.append(os.getloadavg())
    found = report.rows(measure.samples, options.latencies)
    about = {
        "scenario": options.scenario,
        "environments": len(names),
        "runs": options.runs,
        "cpus": os.cpu_count(),
        "load": loads,
        "versions": versions,
    }
    _write({**about, "differences": differences, **report.as_json(found, measure.samples)})
    print(f"\n{report.table(found)}\n")
    print("Wall seconds: median (least-most). Where two numbers share a cell, refarch's is the first.\n")
    if len(names) > 1:
        print(f"{report.growth_table(measure.samples, options.latencies, len(names))}\n")
        print("x: times what it costs with one environment in the account. Several are looked at one after the other, once.\n")
    print(f"{options.runs} runs each; load average {loads[0][0]:.2f} before, {loads[1][0]:.2f} after, on {os.cpu_count()} CPUs.")
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    missed = [row for row in found if row.missed]
    for row in missed:
        print(f"Missed: {report.LABELS[row.case]} at {row.latency} ms is {row.ratio:.2f}, and may be {row.bar}.")
    return 1 if missed and getattr(options, "assert") else 0


def _tool(options: argparse.Namespace) -> provider.Tool | None:
    """Terraform, or None with the reason said."""
    if options.only == REFARCH:
        return None
    if options.scenario not in LAYERS:
        print(f"There is no Terraform configuration of {options.scenario}: only refarch is measured.")
        return None
    try:
        return provider.find()
    except provider.Missing as missing:
        print(missing)
        return None


@contextmanager
def _running(options: argparse.Namespace, tool: provider.Tool | None) -> Iterator[list[tuple[Side, Running]]]:
    """The sides, each with the slow way to its emulator. Every process ends with the block."""
    with ExitStack() as stack:

        def begin(module: str, *rest: str) -> Running:
            running = start(module, *rest)
            stack.callback(running.stop)
            return running

        def emulator() -> Running:
            return begin("emulator", "--port", "0")

        sides: list[Side] = []
        if options.only != TERRAFORM:
            sides.append(Refarch(REFARCH, emulator(), BUILD / REFARCH, scenario=options.scenario))
        if tool:
            terraform = Terraform(TERRAFORM, emulator(), BUILD / TERRAFORM, scenario=options.scenario, tool=tool)
            terraform.prepare(environments(options.environments))
            sides.append(terraform)
        yield [(side, begin("tests.faults.proxy", "--listen", "0", "--backend", str(side.emulator.port))) for side in sides]


def _write(content: dict[str, object]) -> None:
    file = ROOT / "build" / "bench.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    def cases(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(report.AGAINST):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is not one of {', '.join(report.AGAINST)}")
        return chosen

    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure refarch against Terraform on the emulator.")
    parser.add_argument("--scenario", default="base", help="playbook to measure (default base; Terraform knows base and foundation)")
    parser.add_argument(
        "--environments", type=int, default=5, metavar="N", help="of one account, to see how cost grows (default 5; 1: none)"
    )
    parser.add_argument("--latencies", type=numbers, default=[0, 80], metavar="MS,…", help="milliseconds added to each call (default 0,80)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each case (default 3)")
    parser.add_argument("--cases", type=cases, default=list(report.AGAINST), metavar="CASE,…", help="no-op, plan, apply (default all)")
    parser.add_argument("--only", choices=(REFARCH, TERRAFORM), help="measure one side")
    parser.add_argument("--assert", action="store_true", help="end with 1 if a bar is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())

# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of component database must fulfil beyond their types."""

from __future__ import annotations

import re

#: Major versions (Amazon RDS User Guide, "Release calendars").
VERSIONS = {"postgres": ("13", "14", "15", "16", "17", "18"), "mysql": ("8.0", "8.4")}
#: Names that anybody would try first [RDS.25], and words that the engines keep for themselves.
DEFAULT_USERS = ("admin", "administrator", "postgres", "root", "mysql", "master", "rdsadmin", "user", "sa")
RESERVED_NAMES = (
    "all",
    "and",
    "any",
    "as",
    "database",
    "db",
    "group",
    "mysql",
    "postgres",
    "public",
    "select",
    "table",
    "template0",
    "user",
)
LONGEST_USER = {"postgres": 63, "mysql": 16}
CLASS = re.compile(r"db\.[a-z]+\d[a-z0-9]*\.(micro|small|medium|large|\d*xlarge)")
#: Without Performance Insights for MySQL (Amazon RDS User Guide, "Amazon RDS DB engine, Region, and instance class support").
NO_INSIGHTS = ("db.t2.", "db.t3.micro", "db.t3.small", "db.t4g.micro", "db.t4g.small")
FORCED_TLS = ("rds.force_ssl", "require_secure_transport")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
WEEK, DAY = 7 * 24 * 60, 24 * 60


def is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def backup_window(text: str) -> tuple[int, int] | None:
    """(first minute of the day, length in minutes) of a window such as 18:00-18:30, or None if it is none."""
    found = re.fullmatch(f"{CLOCK}-{CLOCK}", text)
    if not found:
        return None
    first, last = (int(found[place]) * 60 + int(found[place + 1]) for place in (1, 3))
    return first, (last - first) % DAY


def maintenance_window(text: str) -> tuple[int, int] | None:
    """(first minute of the week, length in minutes) of a window such as sun:19:00-sun:19:30, or None if it is none."""
    found = re.fullmatch(rf"({'|'.join(DAYS)}):{CLOCK}-({'|'.join(DAYS)}):{CLOCK}", text.lower())
    if not found:
        return None
    first, last = (DAYS.index(found[place]) * DAY + int(found[place + 1]) * 60 + int(found[place + 2]) for place in (1, 4))
    return first, (last - first) % WEEK


def window_findings(backup: object, maintenance: object) -> list[str]:
    found = []
    daily = backup_window(str(backup)) if backup is not None else None
    weekly = maintenance_window(str(maintenance)) if maintenance is not None else None
    if backup is not None and (daily is None or daily[1] < 30):
        found.append(f"database_backup_window: {backup!r} must be hh:mm-hh:mm in UTC, 30 minutes at least, such as 18:00-18:30.")
    if maintenance is not None and (weekly is None or not 30 <= weekly[1] <= DAY):
        found.append(
            f"database_maintenance_window: {maintenance!r} must be ddd:hh:mm-ddd:hh:mm in UTC, 30 minutes to a day, "
            "such as sun:19:00-sun:19:30."
        )
    if found or daily is None or weekly is None:
        return found
    begins = [day * DAY + daily[0] for day in range(-1, 8)]
    if any(begin < weekly[0] + weekly[1] and weekly[0] < begin + daily[1] for begin in begins):
        found.append(f"database_backup_window: {backup} overlaps with database_maintenance_window {maintenance}.")
    return found


def engine_findings(variables: dict) -> list[str]:
    found = []
    engine, version = variables.get("database_engine"), variables.get("database_engine_version")
    known = VERSIONS.get(str(engine), ())
    if known and version is not None and not any(str(version) == one or str(version).startswith(f"{one}.") for one in known):
        found.append(f"database_engine_version: {version!r} is no version of {engine}; its major versions are {', '.join(known)}.")
    name = variables.get("database_instance_class")
    if name is not None and not CLASS.fullmatch(str(name)):
        found.append(f"database_instance_class: {name!r} is no class of RDS such as db.t4g.medium.")
    elif engine == "mysql" and variables.get("database_performance_insights") and str(name).startswith(NO_INSIGHTS):
        found.append(f"database_performance_insights: {name} has none for MySQL; take a larger class, or false.")
    user = variables.get("database_master_username")
    longest = LONGEST_USER.get(str(engine), 63)
    if user is not None and not re.fullmatch(rf"[a-zA-Z][a-zA-Z0-9_]{{0,{longest - 1}}}", str(user)):
        found.append(f"database_master_username: {user!r} must be a letter, then letters, digits and _, {longest} at most.")
    elif user is not None and str(user).lower() in DEFAULT_USERS:
        found.append(f"database_master_username: {user} is a name that is tried first; choose another one (Security Hub control RDS.25).")
    name = variables.get("database_name")
    if name is not None and (not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,62}", str(name)) or str(name).lower() in RESERVED_NAMES):
        found.append(f"database_name: {name!r} must be a letter, then letters, digits and _, 63 at most, and no reserved word.")
    return found


def storage_findings(variables: dict) -> list[str]:
    found = []
    size, most = variables.get("database_allocated_storage_gib"), variables.get("database_max_allocated_storage_gib")
    iops, throughput = variables.get("database_iops"), variables.get("database_storage_throughput_mibps")
    if size is not None and not (is_number(size) and 20 <= size <= 65536):
        found.append(f"database_allocated_storage_gib: {size!r} must be 20 to 65536.")
        return found
    if most is not None and size is not None and (not is_number(most) or (most and not size * 1.1 <= most <= 65536)):
        found.append(
            f"database_max_allocated_storage_gib: {most!r} must be 0 (off) or at least 10 percent above {size}, and 65536 at most."
        )
    if size is not None and size < 400:
        for name, value in (("database_iops", iops), ("database_storage_throughput_mibps", throughput)):
            if value:
                found.append(f"{name}: gp3 storage below 400 GiB has fixed 3000 operations and 125 MiB a second; leave it at 0.")
    else:
        if iops and not 12000 <= iops <= 64000:
            found.append(f"database_iops: {iops} must be 0 or 12000 to 64000.")
        if throughput and not 500 <= throughput <= 4000:
            found.append(f"database_storage_throughput_mibps: {throughput} must be 0 or 500 to 4000.")
    return found


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on settings that can't be, each beginning with the variable's name."""
    found = engine_findings(variables) + storage_findings(variables)
    found += window_findings(variables.get("database_backup_window"), variables.get("database_maintenance_window"))
    days = variables.get("database_backup_retention_days")
    if days is not None and not (is_number(days) and 7 <= days <= 35):
        found.append(f"database_backup_retention_days: {days!r} must be 7 to 35 (Security Hub control RDS.11).")
    days = variables.get("database_performance_insights_retention_days")
    if days is not None and not (is_number(days) and (days in (7, 731) or (days % 31 == 0 and 1 <= days // 31 <= 23))):
        found.append(f"database_performance_insights_retention_days: {days!r} must be 7, 731, or 31 times 1 to 23.")
    days = variables.get("database_log_retention_days")
    if days is not None and days not in RETENTION_DAYS:
        found.append(f"database_log_retention_days: {days!r} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    for name, value in (variables.get("database_parameters") or {}).items():
        if name in FORCED_TLS and str(value).lower() not in ("1", "true", "on"):
            found.append(f"database_parameters: {name} must stay on (Security Hub controls RDS.38 and RDS.39).")
    count = variables.get("database_read_replicas")
    if count is not None and not (is_number(count) and 0 <= count <= 5):
        found.append(f"database_read_replicas: {count!r} must be 0 to 5.")
    snapshot = variables.get("database_snapshot_identifier")
    if snapshot and not re.fullmatch(r"(rds:)?[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,254}(?<!-)|arn:aws[a-z-]*:rds:.+:snapshot:.+", str(snapshot)):
        found.append(f"database_snapshot_identifier: {snapshot!r} is no identifier of a snapshot.")
    identifier = f"{variables.get('stack_project', 'x')}-{variables.get('stack_environment', 'x')}"
    if not re.fullmatch(r"[a-z](?!.*--)[a-z0-9-]*(?<!-)", identifier):
        found.append(f"stack_project: {identifier} must begin with a letter, and have no two hyphens in a row, to name a database.")
    return found

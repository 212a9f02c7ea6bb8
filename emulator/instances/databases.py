"""DB instances of PostgreSQL as machines: a server of this machine's newest version, in a network namespace and with files of its own.

"Connecting to a DB instance running the PostgreSQL database engine", "Using SSL with a PostgreSQL DB instance" (rds.force_ssl) and
"Understanding PostgreSQL roles and permissions" (Amazon RDS User Guide). The data lives as long as the machine: no snapshots, no replicas,
no IAM authentication. Security groups do not filter what reaches it.
"""

from __future__ import annotations

import json
import logging
import pwd
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.rds.models import DBInstance, rds_backends

from emulator import certificates
from emulator.instances.machine import BootFailed, Instance
from emulator.instances.network import Network
from emulator.locks import WHOLE
from emulator.services.rds import PARAMETERS

log = logging.getLogger("emulator.instances")

ENGINE = "postgres"
#: RDS's own superuser, whom nobody reaches by the network.
ADMIN = "rdsadmin"
#: Seconds between two looks at passwords and parameters.
LOOK = 1.0
_FOLDER = "/var/lib/rds"
_SOCKETS = "/run/rds"
#: $1: folder of PostgreSQL's programs, $2: port, $3: address. Standard input: pg_hba.conf.
_START = f"""
set -e
install -d -o postgres -g postgres -m 0700 {_SOCKETS}
cd {_FOLDER}
chown postgres:postgres . server.key server.crt
as() {{ setpriv --reuid postgres --regid postgres --clear-groups -- "$@"; }}
as "$1/initdb" --pgdata data --username {ADMIN} --auth trust --encoding UTF8 --locale C.UTF-8 --wal-segsize 1 \\
  --no-sync --no-instructions < /dev/null > init.log
cat > data/pg_hba.conf
cat >> data/postgresql.conf << CONF
listen_addresses = '$3'
port = $2
unix_socket_directories = '{_SOCKETS}'
unix_socket_permissions = 0700
ssl = on
ssl_cert_file = '{_FOLDER}/server.crt'
ssl_key_file = '{_FOLDER}/server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
# Its files are in memory and end with it.
fsync = off
full_page_writes = off
min_wal_size = 8MB
max_wal_size = 64MB
shared_buffers = 32MB
CONF
as "$1/pg_ctl" --pgdata data --wait --log {_FOLDER}/postgresql.log start > /dev/null
"""


def programs() -> Path | None:
    """The folder of the newest PostgreSQL of this machine, as Debian has it; None without one or without its user."""
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdecimal()]
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return None
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


@dataclass(slots=True)
class Database:
    """One server. *password* and *force_tls*: what it has now."""

    machine: Instance
    endpoint: str
    port: int
    user: str
    password: str = ""
    force_tls: bool = True
    ready: threading.Event = field(default_factory=threading.Event)


class Databases:
    """Keeps servers in step with RDS: C(look) begins what is due and does not wait for it."""

    def __init__(self, network: Network, changed: Callable[[], None] = lambda: None):
        self._network, self._changed = network, changed
        self._servers: dict[str, Database] = {}
        self._failed: set[str] = set()
        self._seen = 0.0
        self._said = False

    def addresses(self) -> dict[str, str]:
        """By the name of the endpoint."""
        return {server.endpoint: server.machine.address for server in list(self._servers.values())}

    def look(self) -> None:
        wanted = {one.dbi_resource_id: one for one in _instances()}
        for identity in set(self._servers) - set(wanted):
            self._servers.pop(identity).machine.stop()
        self._failed &= set(wanted)
        for identity, instance in wanted.items():
            if identity not in self._servers and identity not in self._failed:
                self._begin(identity, instance)
        if time.monotonic() - self._seen >= LOOK:
            self._seen = time.monotonic()
            for identity, server in list(self._servers.items()):
                if server.ready.is_set():
                    self._align(server, wanted[identity])

    def stop(self) -> None:
        for identity in list(self._servers):
            self._servers.pop(identity).machine.stop()

    def _begin(self, identity: str, instance: DBInstance) -> None:
        folder = programs()
        if folder is None:
            if not self._said:
                log.error("DB instances of PostgreSQL have no server here: install Debian's postgresql (with its user postgres)")
                self._said = True
            self._failed.add(identity)
            return
        try:
            address = _address(instance)
        except Exception as error:  # no subnet, as of a subnet group that is gone
            log.error("DB instance %s: %s", instance.db_instance_identifier, error)
            self._failed.add(identity)
            return
        self._changed()
        machine = Instance(identity, address, self._network)
        server = Database(machine, instance.address, int(instance.port or 5432), instance.master_username or ENGINE)
        server.password, server.force_tls = _password(instance), _force_tls(instance)
        try:
            # By this thread, which lives on: a machine ends with the thread that booted it (setpriv --pdeathsig).
            machine.boot()
        except BootFailed as error:
            log.error("%s", error)
            self._failed.add(identity)
            return
        self._servers[identity] = server
        arguments = (identity, server, instance.db_name, folder)
        threading.Thread(target=self._start, args=arguments, name=f"database {identity}", daemon=True).start()

    def _start(self, identity: str, server: Database, name: str | None, folder: Path) -> None:
        machine = server.machine
        begun = time.monotonic()
        try:
            key, certificate = certificates.authority().issue(server.endpoint)
            for file, content in (("server.key", key), ("server.crt", certificate)):
                self._run(machine, f'umask 077; mkdir -p {_FOLDER}; cat > {_FOLDER}/"$1"', file, given=content)
            self._run(machine, _START, str(folder), str(server.port), machine.address, given=_access(server.force_tls))
            self._sql(server, *_roles(server), *([f"CREATE DATABASE {_identifier(name)} OWNER {_identifier(server.user)}"] if name else []))
        except (OSError, RuntimeError) as error:
            if identity in self._servers:
                log.error("DB instance %s has no server: %s", server.endpoint, error)
                self._failed.add(identity)
                self._servers.pop(identity, None)
            machine.stop()
            return
        if identity not in self._servers:  # deleted meanwhile
            machine.stop()
            return
        server.ready.set()
        log.info("DB instance %s: PostgreSQL %s in %.1f s", server.endpoint, folder.parent.name, time.monotonic() - begun)

    def _align(self, server: Database, instance: DBInstance) -> None:
        """The password of today, and whether TLS is a must."""
        with suppress(OSError, RuntimeError):
            if (password := _password(instance)) not in ("", server.password):
                self._sql(server, f"ALTER ROLE {_identifier(server.user)} PASSWORD {_literal(password)}")
                server.password = password
            if (force_tls := _force_tls(instance)) != server.force_tls:
                self._run(server.machine, f"cat > {_FOLDER}/data/pg_hba.conf", given=_access(force_tls))
                self._sql(server, "SELECT pg_reload_conf()")
                server.force_tls = force_tls

    def _sql(self, server: Database, *statements: str) -> None:
        script = ("\n".join(f"{statement};" for statement in statements) + "\n").encode()
        psql = f'exec psql -X -q -v ON_ERROR_STOP=1 -h {_SOCKETS} -p "$1" -U {ADMIN} -d postgres -f - > /dev/null'
        self._run(server.machine, psql, str(server.port), given=script)

    def _run(self, machine: Instance, script: str, *arguments: str, given: bytes = b"") -> None:
        done = machine.run("sh", "-c", script, "sh", *arguments, given=given)
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace").strip() or f"ended with {done.returncode}")


def _instances() -> list[DBInstance]:
    """Those that are available, and that no cluster has."""
    return [
        instance
        for _account, regions in list(rds_backends.items())
        for _region, backend in list(regions.items())
        for instance in list(backend.databases.values())
        if instance.engine == ENGINE and instance.status not in _AWAY and not instance.db_cluster_identifier and not instance.is_replica
    ]


_AWAY = ("creating", "deleting", "stopped", "failed")


def _address(instance: DBInstance) -> str:
    """Of its network interface, which is made here: in the subnet of its zone, with its security groups."""
    with WHOLE.write():
        ec2: EC2Backend = ec2_backends[instance.account_id][instance.region]
        standing = ec2.enis.get(instance.__dict__.get("eni_id", ""))
        if standing is None:
            group = getattr(instance, "db_subnet_group", None)
            subnets: list[Any] = list(group._subnets) if group is not None else list(ec2.get_default_subnets().values())
            subnet = next((one for one in subnets if one.availability_zone == instance.availability_zone), subnets[0])
            address = subnet.get_available_subnet_ip(instance)
            standing = ec2.create_network_interface(
                subnet, address, group_ids=list(instance.vpc_security_group_ids), description="RDSNetworkInterface"
            )
            standing.requester_managed, standing.status = True, "in-use"
            instance.eni_id = standing.id
        return str(standing.private_ip_address)


def _password(instance: DBInstance) -> str:
    """The master user's: from its secret where RDS manages it, "" where nobody knows it."""
    if getattr(instance, "manage_master_user_password", False):
        for version in list(instance.master_user_secret.secret.versions.values()):
            if "AWSCURRENT" in version["version_stages"]:
                return str(json.loads(version["secret_string"])["password"])
    return str(getattr(instance, "_master_user_password", None) or "")


def _force_tls(instance: DBInstance) -> bool:
    """rds.force_ssl of its parameter group. Its default is 1 from PostgreSQL 15 on."""
    group = rds_backends[instance.account_id][instance.region].db_parameter_groups.get(instance.db_parameter_group_name or "")
    chosen = dict(group.parameters.get("rds.force_ssl") or {}) if group is not None else {}
    default = PARAMETERS[ENGINE]["rds.force_ssl"][0] if int(str(instance.engine_version).partition(".")[0]) >= 15 else "0"
    return str(chosen.get("ParameterValue") or default) == "1"


def _access(force_tls: bool) -> bytes:
    """pg_hba.conf: the admin from inside, everybody else by password, and by TLS where that is a must."""
    kind = "hostssl" if force_tls else "host"
    return f"local all {ADMIN} trust\n{kind} all all 0.0.0.0/0 scram-sha-256\n".encode()


def _roles(server: Database) -> list[str]:
    user = _identifier(server.user)
    return [
        "CREATE ROLE rds_superuser NOLOGIN",
        "CREATE ROLE rds_iam NOLOGIN",
        "CREATE ROLE rds_password NOLOGIN",
        "GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION",
        f"CREATE ROLE {user} LOGIN CREATEROLE CREATEDB PASSWORD {_literal(server.password)} IN ROLE rds_superuser",
    ]


def _identifier(name: str | None) -> str:
    if not name or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise RuntimeError(f"{name} is no name that RDS allows")
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if "\\" not in text else "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

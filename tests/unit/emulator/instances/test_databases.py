"""DB instances of PostgreSQL as servers, asked from an instance by their endpoint's name."""

from __future__ import annotations

import json
import subprocess

import pytest

from emulator.instances.databases import programs
from emulator.instances.machine import missing
from tests.unit.emulator.instances.conftest import until

REASON = missing() or ("PostgreSQL is not installed" if programs() is None else None)
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

CA = "curl -sS -o /tmp/ca.pem http://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"


@pytest.fixture(scope="module")
def client_id(fleet):
    """An instance with psql."""
    fleet.group("clients", 1)
    (found,) = fleet.in_state("clients", "InService", 1)
    fleet.answers(found)
    yield found
    fleet.remove("clients")


@pytest.fixture(scope="module")
def database(fleet):
    rds = fleet.emulator.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="orders", DBSubnetGroupDescription="orders", SubnetIds=fleet.subnets)
    rds.create_db_parameter_group(DBParameterGroupName="orders", DBParameterGroupFamily="postgres17", Description="orders")
    rds.create_db_instance(
        DBInstanceIdentifier="orders",
        Engine="postgres",
        EngineVersion="17",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="dbowner",
        ManageMasterUserPassword=True,
        DBName="app",
        Port=15432,
        DBSubnetGroupName="orders",
        DBParameterGroupName="orders",
        VpcSecurityGroupIds=[fleet.groups["server"]],
    )
    return rds.describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"][0]


def password(fleet, database):
    secrets = fleet.emulator.client("secretsmanager")
    return json.loads(secrets.get_secret_value(SecretId=database["MasterUserSecret"]["SecretArn"])["SecretString"])["password"]


def sql(fleet, client_id, database, statement, secret, mode="verify-full", user="dbowner"):
    """What psql says on the instance."""
    place = f"host={database['Endpoint']['Address']} port=15432 dbname=app user={user} sslmode={mode} sslrootcert=/tmp/ca.pem"
    return fleet.run(client_id, f"{CA}; PGPASSWORD='{secret}' PGCONNECT_TIMEOUT=5 psql -X -A -t '{place}' -c \"{statement}\" 2>&1")


def test_it_answers_at_its_endpoint_by_tls_and_password(fleet, client_id, database):
    secret = password(fleet, database)
    query = "select current_user, current_database(), (select ssl from pg_stat_ssl where pid = pg_backend_pid())"
    until(lambda: "dbowner|app|t" in sql(fleet, client_id, database, query, secret), 30)
    assert "CREATE TABLE" in sql(fleet, client_id, database, "create table orders (id int)", secret)
    assert "password authentication failed" in sql(fleet, client_id, database, "select 1", "wrong")
    assert "f" in sql(fleet, client_id, database, "select rolsuper from pg_roles where rolname = current_user", secret).split()


def test_its_address_is_an_interface_of_its_subnets(fleet, client_id, database):
    interfaces = fleet.emulator.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "description", "Values": ["RDSNetworkInterface"]}]
    )
    (interface,) = interfaces["NetworkInterfaces"]
    assert interface["SubnetId"] in fleet.subnets
    assert [group["GroupId"] for group in interface["Groups"]] == [fleet.groups["server"]]
    printed = fleet.run(client_id, f"getent ahostsv4 {database['Endpoint']['Address']}")
    assert interface["PrivateIpAddress"] in printed


def test_tls_is_a_must_as_the_parameter_group_says(fleet, client_id, database):
    rds, secret = fleet.emulator.client("rds"), password(fleet, database)
    assert "no pg_hba.conf entry" in sql(fleet, client_id, database, "select 1", secret, mode="disable")
    for value in ("0", "1"):
        parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": value, "ApplyMethod": "immediate"}
        rds.modify_db_parameter_group(DBParameterGroupName="orders", Parameters=[parameter])
        words = "no pg_hba.conf entry" if value == "1" else "it is 1"
        until(lambda words=words: words in sql(fleet, client_id, database, "select 'it is ' || 1", secret, mode="disable"))


def test_the_password_is_the_one_of_the_secret(fleet, client_id, database):
    secrets = fleet.emulator.client("secretsmanager")
    arn, before = database["MasterUserSecret"]["SecretArn"], password(fleet, database)
    changed = "it's \\ new"
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": "dbowner", "password": changed}))
    quoted = changed.replace("'", "'\\''")
    until(lambda: "it is 1" in sql(fleet, client_id, database, "select 'it is ' || 1", quoted))
    assert "password authentication failed" in sql(fleet, client_id, database, "select 1", before)


def test_what_is_deleted_is_gone_with_its_interface(fleet, client_id, database):
    rds, ec2 = fleet.emulator.client("rds"), fleet.emulator.client("ec2")
    name = database["Endpoint"]["Address"]
    assert servers(database)
    rds.delete_db_instance(DBInstanceIdentifier="orders", SkipFinalSnapshot=True)
    found = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["RDSNetworkInterface"]}])
    assert found["NetworkInterfaces"] == []
    until(lambda: not servers(database))
    assert fleet.run(client_id, f"getent ahostsv4 {name}; echo code $?").strip() == "code 2"


def servers(database):
    """The first process of the database's machine."""
    pattern = f"boot.sh .*{database['DbiResourceId']}"
    return subprocess.run(["pgrep", "-f", pattern], stdout=subprocess.PIPE, text=True, check=False).stdout

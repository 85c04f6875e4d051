"""Organisations and their keys through the life of a sandbox: restarts, older homes, the command line, reset."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sandbox import key_commands
from sandbox.admin import Admin, Refused
from sandbox.api.organization import new_key
from sandbox.api.routes import HANDLERS, Call
from sandbox.client import connect
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.sandbox import Sandbox
from sandbox.store import Document, Store
from tests.sandbox.conftest import KEY, POLL_SECONDS, SECRET
from tests.sandbox.sks_bench import NEWEST, NOWHERE, PaperControlPlanes, refused

OURS, THEIRS = "sandbox", "acme"
ZONE = "ch-gva-2"


# --- what a sandbox keeps


def test_organisations_outlive_a_restart(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        pairs = [(sandbox.key, sandbox.secret), new_key(sandbox.cloud, "person", THEIRS)]
        before = [told(sandbox, pair) for pair in pairs]
        assert [organization["name"] for organization in before] == [OURS, THEIRS]
    with Sandbox(tmp_path) as sandbox:
        assert [told(sandbox, pair) for pair in pairs] == before
        assert new_key(sandbox.cloud, "another", THEIRS)
        assert len(sandbox.cloud.store.list("organization")) == 2


def test_a_neighbours_key_is_not_taken_for_the_persons(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        neighbours = new_key(sandbox.cloud, "sandbox", THEIRS)
        sandbox.cloud.store.delete("api-key", sandbox.key)
    with Sandbox(tmp_path) as sandbox:
        assert (sandbox.key, sandbox.secret) != neighbours
        assert told(sandbox, (sandbox.key, sandbox.secret))["name"] == OURS


def test_two_sandboxes_are_two_organisations_of_one_name() -> None:
    one, other = ((Store().list("organization")) for _ in range(2))
    assert [one[0]["name"], other[0]["name"]] == [OURS, OURS]
    assert one[0]["id"] != other[0]["id"]


def test_what_an_older_version_left_belongs_to_the_default_organisation(tmp_path: Path) -> None:
    group = {"id": NOWHERE, "name": "apart"}
    pending = {
        "id": "5e7d6f1c-0b1e-4e39-9d3b-2f5c8b0a4d11",
        "state": "pending",
        "reference": {"id": NOWHERE},
        **{"_zone": "", "_operation": "delete-anti-affinity-group", "_args": {}, "_due": 0},
    }
    file = tmp_path / "cloud.sqlite"
    write_as_before(
        file,
        ("api-key", {"id": KEY, "key": KEY, "name": "sandbox", "_secret": SECRET}),
        ("anti-affinity-group", group),
        ("operation", pending),
    )
    store = Store(file)
    own = store.of(store.default_organization)
    assert [item["id"] for item in own.list("anti-affinity-group")] == [NOWHERE]
    store.close()
    with Sandbox(tmp_path) as sandbox:
        assert (sandbox.key, sandbox.secret) == (KEY, SECRET)
        assert told(sandbox, (KEY, SECRET))["name"] == OURS
        client = connect(sandbox.url, KEY, SECRET, ZONE, poll_seconds=POLL_SECONDS)
        client.wait(pending["id"])
        assert client.list_anti_affinity_groups() == {"anti-affinity-groups": []}
        client.http_client.close()


def test_an_operation_that_a_restart_interrupts_goes_on_for_its_organisation(tmp_path: Path) -> None:
    def started() -> Cloud:
        return Cloud(Store(tmp_path / "cloud.sqlite"), Clock(0), control_planes=PaperControlPlanes())

    cloud = started()
    theirs = cloud.of(cloud.store.organization(THEIRS))
    body = {"name": "c", "level": "starter", "version": NEWEST, "addons": []}
    id_ = HANDLERS["create-sks-cluster"](theirs, Call("create-sks-cluster", body=body))["reference"]["id"]
    cloud.operations.join()
    cloud.store.close()

    cloud = started()
    cloud.operations.resume()
    cloud.operations.join()
    with cloud.lock:
        cloud.operations.tick()
    theirs = cloud.of(cloud.store.organization(THEIRS))
    assert (theirs.store.get("sks-cluster", id_) or {})["state"] == "running"
    cloud.store.close()


# --- keys by the command line and the admin API


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path) as sandbox:
        yield sandbox


def test_the_command_prints_a_key_of_the_organisation_for_a_shell(running: Sandbox) -> None:
    command = ["--home", str(running.home), "key", "neighbour"]
    organizations = []
    for options in ([], ["--organization", "acme & sons"], ["--organization", "acme & sons"]):
        printed = CliRunner().invoke(key_commands.main, [*command, *options]).output
        script = printed + 'printf "%s %s" "$EXOSCALE_API_KEY" "$EXOSCALE_API_SECRET"'
        said = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout
        key, secret = said.split()
        organizations.append(told(running, (key, secret)))
    assert [organization["name"] for organization in organizations] == [OURS, "acme & sons", "acme & sons"]
    assert organizations[1] == organizations[2]


def test_the_status_says_whose_each_key_is(running: Sandbox) -> None:
    admin = Admin(running.record)
    admin.new_key("neighbour", THEIRS)
    status = admin.status()
    assert status["organizations"] == [OURS, THEIRS]
    assert [(key["name"], key["organization"]) for key in status["keys"]] == [
        ("sandbox", OURS),
        ("neighbour", THEIRS),
    ]
    assert "organization" not in status["objects"]


@pytest.mark.parametrize(("name", "organization"), [("", OURS), ("person", " ")])
def test_a_key_and_an_organisation_need_a_name(running: Sandbox, name: str, organization: str) -> None:
    with pytest.raises(Refused, match="must be a name"):
        Admin(running.record).new_key(name, organization)
    assert Admin(running.record).status()["organizations"] == [OURS]


def test_reset_keeps_the_default_organisation_and_the_persons_key(running: Sandbox) -> None:
    admin, person = Admin(running.record), (running.key, running.secret)
    before = told(running, person)
    neighbours = admin.new_key("sandbox", THEIRS)
    assert admin.reset() == {"api-key": 1, "organization": 1}
    assert told(running, person) == before
    refused(lambda: told(running, neighbours), 403)
    assert admin.status()["organizations"] == [OURS]


def told(sandbox: Sandbox, pair: tuple[str, str]) -> Document:
    """What the API says of this key's organisation."""
    client = connect(sandbox.url, *pair, ZONE)
    try:
        organization: Document = client.get_organization()
    finally:
        client.http_client.close()
    return organization


def write_as_before(file: Path, *documents: tuple[str, Document]) -> None:
    """A store as the versions without organisations wrote it."""
    database = sqlite3.connect(file)
    with database:
        database.execute("create table documents (kind text, id text, body text, primary key (kind, id))")
        rows = [(kind, document["id"], json.dumps(document)) for kind, document in documents]
        database.executemany("insert into documents values (?, ?, ?)", rows)
    database.close()

"""SSH keys, seen by the official client."""

import pytest

from sandbox.client import SandboxClient
from tests.sandbox.sks_bench import refused

# Made for these tests; its private half is forgotten. The fingerprint is what `ssh-keygen -E md5 -lf` prints for it.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1K8AR17jsr6Pva7hLphqCykM2luqm6bIS7X/vktB42 a comment\n"
FINGERPRINT = "86:99:f9:57:1e:26:c4:f6:36:56:2d:54:a8:5c:c8:ed"


def test_a_registered_key_is_known_by_its_name_and_fingerprint(client: SandboxClient) -> None:
    client.register_ssh_key(name="me", public_key=PUBLIC_KEY)
    assert client.get_ssh_key(name="me") == {"name": "me", "fingerprint": FINGERPRINT}
    assert client.list_ssh_keys() == {"ssh-keys": [{"name": "me", "fingerprint": FINGERPRINT}]}


def test_registering_and_deleting_end_at_once_and_refer_to_nothing(client: SandboxClient) -> None:
    for operation in (client.register_ssh_key(name="me", public_key=PUBLIC_KEY), client.delete_ssh_key(name="me")):
        assert operation == {"id": operation["id"], "state": "success"}
        assert client.wait(operation["id"]) == operation


def test_a_name_is_taken_once(client: SandboxClient) -> None:
    client.register_ssh_key(name="me", public_key=PUBLIC_KEY)
    assert "already exists" in refused(lambda: client.register_ssh_key(name="me", public_key=PUBLIC_KEY), 409)
    client.register_ssh_key(name="you", public_key=PUBLIC_KEY)


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 not!base64", f"ssh-rsa {PUBLIC_KEY.split()[1]}"])
def test_what_is_no_public_key_is_refused(client: SandboxClient, text: str) -> None:
    assert "Invalid public key" in refused(lambda: client.register_ssh_key(name="me", public_key=text), 400)
    assert client.list_ssh_keys() == {"ssh-keys": []}


def test_a_deleted_key_is_gone(client: SandboxClient) -> None:
    client.register_ssh_key(name="me", public_key=PUBLIC_KEY)
    client.delete_ssh_key(name="me")
    refused(lambda: client.get_ssh_key(name="me"), 404)
    refused(lambda: client.delete_ssh_key(name="me"), 404)

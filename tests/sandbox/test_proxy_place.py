"""Where the proxy listens: states and kubeconfigs name it."""

import json
import os
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.home import SandboxError, running
from sandbox.proxy.place import Place, Taken, kept
from sandbox.sandbox import Sandbox


def test_ports_that_others_took_on_127_0_0_1_meanwhile_leave_the_proxy_where_kubeconfigs_name_it(
    tmp_path: Path,
) -> None:
    with Sandbox(tmp_path) as sandbox:
        before = sandbox.record
    with ExitStack() as others:
        for url in (before.url, before.proxy_url):
            others.enter_context(socket.create_server(("127.0.0.1", urlsplit(url).port or 0)))
        with Sandbox(tmp_path) as sandbox:
            assert sandbox.proxy_url == before.proxy_url
            assert sandbox.url != before.url


def test_a_sandbox_with_clusters_whose_proxys_port_is_taken_everywhere_names_who_has_it_and_starts_nothing(
    tmp_path: Path,
) -> None:
    with Sandbox(tmp_path) as sandbox:
        place = urlsplit(sandbox.proxy_url)
        sandbox.cloud.store.put(
            "sks-cluster", {"id": "c", "_organization": "o", "_zone": "ch-gva-2", "state": "running"}
        )
    with socket.create_server(("", place.port or 0)):
        with pytest.raises(Taken, match=f"name {place.netloc}, and process {os.getpid()} .* has that port: end it"):
            Sandbox(tmp_path).start()
        assert running(tmp_path) is None


def test_the_place_of_an_earlier_version_is_kept(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"api": 10001, "proxy": 10002}')
    assert kept(tmp_path, named=True) == Place("127.0.0.1", 10002)
    (tmp_path / "ports.json").write_text("{}")
    assert kept(tmp_path, named=True) == Place("127.0.0.1", 10002)


@given(
    st.text()
    | st.sampled_from(['{"address": "8.8.8.8", "port": 10001}', '{"address": "127.0.0.1", "port": 1}', "{}", "[]"])
)
def test_a_broken_note_is_named_with_its_cure_where_clusters_need_it_and_else_written_anew(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "proxy.json").write_text(text)
    with pytest.raises(SandboxError, match=r"proxy.json is broken: write the `proxy-url` of a kubeconfig into it"):
        kept(home, named=True)
    place = kept(home, named=False)
    assert json.loads((home / "proxy.json").read_text()) == {"address": place.address, "port": place.port}
    assert kept(home, named=True) == place

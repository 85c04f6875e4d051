"""The client of a cluster's API, with a server that answers by HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from components.teardown.cluster.api_server import ApiServer, Refused

INITIALIZING = {"message": "storage is (re)initializing"}
PATH = "/apis/acme.cert-manager.io/v1/challenges"


class Handler(BaseHTTPRequestHandler):
    """Refuses with 429 as often as `refusals` says, then has an empty list of everything."""

    refusals: ClassVar[int]
    pause: ClassVar[str]
    asked: ClassVar[list[str]]

    def _answer(self) -> None:
        self.asked.append(self.command)
        busy = len(self.asked) <= self.refusals
        body = json.dumps(INITIALIZING if busy else {"items": []}).encode()
        self.send_response(429 if busy else 200)
        if busy and self.pause:
            self.send_header("Retry-After", self.pause)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[ApiServer]:
    Handler.asked, Handler.pause = [], "0"
    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        address = {"server": f"http://127.0.0.1:{http.server_port}"}
        yield ApiServer(
            {
                "clusters": [{"name": "c", "cluster": address}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
        http.shutdown()


def test_a_question_is_asked_again_where_the_api_server_says_to(server: ApiServer) -> None:
    Handler.refusals = 2

    assert server.items(PATH) == []
    assert Handler.asked == ["GET"] * 3


def test_it_gives_up_after_some_tries_with_the_words_of_the_refusal(server: ApiServer) -> None:
    Handler.refusals = 100

    with pytest.raises(Refused, match="initializing"):
        server.items(PATH)
    assert Handler.asked == ["GET"] * 10


@pytest.mark.parametrize(("method", "pause"), [("GET", ""), ("DELETE", "0")])
def test_a_change_is_not_and_nor_is_a_question_without_that_advice(server: ApiServer, method: str, pause: str) -> None:
    Handler.refusals, Handler.pause = 1, pause

    with pytest.raises(Refused):
        (server.items if method == "GET" else server.delete)(PATH)
    assert Handler.asked == [method]

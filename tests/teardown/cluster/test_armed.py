"""Which step may work on a cluster: the one that was armed last in its role."""

from components.teardown.cluster.armed import NAME, arm, armed
from tests.teardown.paper_api_server import PaperApiServer


def test_the_last_one_that_was_armed_is_the_one() -> None:
    server = PaperApiServer()

    arm(server, "drain", "old", "shop/dev")
    arm(server, "drain", "new", "shop/dev")

    assert armed(server, "drain") == {"token": "new", "stack": "shop/dev"}
    assert server.names("configmaps") == {NAME}


def test_each_role_has_its_own() -> None:
    server = PaperApiServer()
    arm(server, "drain", "one", "shop/dev")
    arm(server, "second-drain", "two", "shop/dev")

    assert armed(server, "drain")["token"] == "one"
    assert armed(server, "second-drain")["token"] == "two"
    assert armed(server, "nodepool-sweep") == {}


def test_a_step_of_before_there_were_roles_finds_any_successor() -> None:
    server = PaperApiServer()
    assert armed(server, "") == {}

    arm(server, "drain", "one", "shop/dev")

    assert armed(server, "")["token"] == "one"


def test_two_steps_that_arm_at_the_same_time_are_both_armed() -> None:
    class Racing(PaperApiServer):
        """Another step makes the list between the look and the making."""

        def create(self, path: str, document: dict[str, object], **query: object) -> dict[str, object]:
            if not self.objects:
                super().create(path, {"metadata": {"name": NAME}, "data": {"drain": '{"token": "one", "stack": "s"}'}})
            return super().create(path, document, **query)

    server = Racing()
    arm(server, "second-drain", "two", "shop/dev")

    assert [armed(server, role)["token"] for role in ("drain", "second-drain")] == ["one", "two"]

"""Whose an ingress class is already, and which Ingresses F5's controller does not serve as they are written."""

from typing import Any

import pytest

from components.teardown.cluster import ingresses
from tests.teardown.paper_api_server import PaperApiServer

HELM = "meta.helm.sh/release-"
REWRITE = {"nginx.ingress.kubernetes.io/rewrite-target": "/$2", "nginx.ingress.kubernetes.io/use-regex": "true"}


@pytest.fixture
def server() -> PaperApiServer:
    """A cluster with our class, made by our release of F5's controller."""
    made = PaperApiServer()
    ingress_class(made, "nginx", ingresses.F5, {f"{HELM}name": "ingress", f"{HELM}namespace": "ingress"})
    return made


def ingress_class(server: PaperApiServer, name: str, controller: str, annotations: dict[str, str]) -> None:
    path = f"{ingresses.CLASSES}/{name}"
    server.objects[path] = {
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"controller": controller},
    }


def ingress(server: PaperApiServer, name: str, age: int = 0, host: str = "a.example.org", **more: Any) -> None:
    """An Ingress of our class, unless another or none is said."""
    said = {"class": "nginx", "annotations": {}, **more}
    metadata = {"namespace": "shop", "name": name, "annotations": said["annotations"], "uid": name}
    metadata["creationTimestamp"] = f"2026-11-28T07:00:{age:02}Z"
    spec: dict[str, Any] = {"rules": [{"host": host} if host else {}]}
    spec |= {"ingressClassName": said["class"]} if said["class"] else {}
    path = f"/apis/networking.k8s.io/v1/namespaces/shop/ingresses/{name}"
    server.objects[path] = {"metadata": metadata, "spec": spec}


def test_the_releases_own_class_is_not_taken_and_neither_is_one_that_is_not_there(server: PaperApiServer) -> None:
    assert ingresses.taken(server, "nginx", "ingress") == ""
    assert ingresses.taken(server, "public", "ingress") == ""


@pytest.mark.parametrize("annotations", [{}, {f"{HELM}name": "ingress-nginx", f"{HELM}namespace": "ingress-nginx"}])
def test_a_class_of_anothers_is_refused_in_one_line_with_its_controller(
    server: PaperApiServer, annotations: dict[str, str]
) -> None:
    ingress_class(server, "nginx", "k8s.io/ingress-nginx", annotations)

    line = ingresses.taken(server, "nginx", "ingress")
    assert line.startswith("ingress.class is nginx, and the cluster has an IngressClass nginx of another controller ")
    assert "(k8s.io/ingress-nginx). Next: " in line
    assert "\n" not in line


@pytest.mark.parametrize("by", [{"class": "nginx"}, {"class": "", "old": True}])
def test_each_ingress_with_annotations_that_f5_ignores_is_named_once(
    server: PaperApiServer, by: dict[str, Any]
) -> None:
    old = {"kubernetes.io/ingress.class": "nginx"} if by.pop("old", False) else {}
    ingress(server, "web", annotations={**REWRITE, **old}, **by)
    ingress(server, "plain", annotations={"nginx.org/rewrites": "x", **old}, **by)
    ingress(server, "theirs", annotations=REWRITE, **{"class": "other"})

    [line] = ingresses.unserved(server, "nginx")
    assert line.startswith(
        "Ingress shop/web uses nginx.ingress.kubernetes.io/rewrite-target, nginx.ingress.kubernetes.io/use-regex, "
        "which F5's controller ignores. Next: "
    )


def test_of_the_ingresses_without_a_host_all_but_the_oldest_are_named(server: PaperApiServer) -> None:
    ingress(server, "late", age=2, host="")
    ingress(server, "first", age=1, host="")
    ingress(server, "named", age=3)

    [line] = ingresses.unserved(server, "nginx")
    assert line.startswith("Ingress shop/late has no host, and F5's controller serves one such Ingress, the oldest: ")
    assert "shop/first. Next: " in line


@pytest.mark.parametrize("controller", ["k8s.io/ingress-nginx", "traefik.io/ingress-controller", ""])
def test_nothing_is_said_of_other_controllers_or_before_there_is_a_class(
    server: PaperApiServer, controller: str
) -> None:
    ingress(server, "web", host="", annotations=REWRITE)
    ingress(server, "api", host="", annotations=REWRITE)
    del server.objects[f"{ingresses.CLASSES}/nginx"]
    if controller:
        ingress_class(server, "nginx", controller, {})

    assert ingresses.unserved(server, "nginx") == []

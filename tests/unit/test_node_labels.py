"""Labels that a node may give itself, and those that only an administrator may give it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.node_labels import LABEL_KEY, reserved

DOMAINS = st.from_regex(r"[a-z]{1,5}(-[a-z]{1,5})?(\.[a-z]{1,5}){0,2}", fullmatch=True)


@pytest.mark.parametrize(
    "key",
    [
        "team",
        "kubernetes.io",  # a name, no prefix
        "example.com/team",
        "mykubernetes.io/team",
        "k8s.io.example.com/team",
        "node.kubernetes.io/exclude-from-external-load-balancers",
        "kubelet.kubernetes.io/team",
        "shop.node.kubernetes.io/team",
    ],
)
def test_what_a_kubelet_sets_is_allowed(key: str) -> None:
    assert LABEL_KEY.fits(key)
    assert not reserved(key)


@given(DOMAINS, st.sampled_from(["kubernetes.io", "k8s.io"]))
def test_every_domain_below_kubernetes_own_is_reserved_but_those_of_nodes_and_kubelets(domain: str, own: str) -> None:
    reference = f".{domain}.{own}".endswith((".node.kubernetes.io", ".kubelet.kubernetes.io"))

    assert reserved(f"{domain}.{own}/team") is not reference


@pytest.mark.parametrize(
    "key", ["a..b/team", "-a.b/team", "a-.b/team", "A.b/team", f"{'a' * 254}/team", "/team", "a/b/c", "team/", "a b"]
)
def test_what_kubernetes_takes_for_no_label_key_is_none(key: str) -> None:
    assert not LABEL_KEY.fits(key)

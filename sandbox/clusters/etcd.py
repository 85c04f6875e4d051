"""Secures etcd: it holds every Secret of its cluster, and any web page's script can reach loopback.

It uses only TLS and requires a client certificate of the cluster's etcd authority, which only the API server has.
See https://etcd.io/docs/v3.6/op-guide/security/.
"""

from pathlib import Path

FOLDER = "etcd"  # folder of its certificates, in the cluster's `pki`


def addresses(port: int, peer_port: int) -> dict[str, str]:
    """The arguments that kwokctl sets with http, by name."""
    clients, peers = _url(port), _url(peer_port)
    return {
        "listen-client-urls": clients,
        "advertise-client-urls": clients,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"node0={peers}",
    }


def locks(pki: Path, port: int) -> dict[str, str]:
    """The arguments that admit only the API server, by name."""
    ca, certificate, key = (str(pki / FOLDER / file) for file in ("ca.crt", "server.crt", "server.key"))
    return {
        "client-cert-auth": "true",
        "trusted-ca-file": ca,
        "cert-file": certificate,
        "key-file": key,
        "peer-client-cert-auth": "true",
        "peer-trusted-ca-file": ca,
        "peer-cert-file": certificate,
        "peer-key-file": key,
        # Nobody here uses HTTP, and if gRPC has its own port, etcd takes a fifth less CPU. The path is relative to
        # the cluster's folder, as a socket's path is limited to about a hundred characters.
        "listen-client-http-urls": "unixs://etcd-http.sock",
        "enable-grpc-gateway": "false",  # the JSON API for scripts
        "cors": _url(port),  # origins whose scripts may use it: all by default
    }


def servers(port: int) -> dict[str, str]:
    """The API server's argument that kwokctl sets with http."""
    return {"etcd-servers": _url(port)}


def keys(pki: Path) -> dict[str, str]:
    """The API server's arguments for its access to etcd."""
    return {
        "etcd-cafile": str(pki / FOLDER / "ca.crt"),
        "etcd-certfile": str(pki / FOLDER / "client.crt"),
        "etcd-keyfile": str(pki / FOLDER / "client.key"),
    }


def _url(port: int) -> str:
    return f"https://127.0.0.1:{port}"

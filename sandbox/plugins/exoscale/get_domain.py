"""`exoscale.getDomain`: a DNS domain by its name or id, v3 client."""

from sandbox.plugins.exoscale.clients import GLOBAL_ZONE, Clients
from sandbox.plugins.exoscale.errors import CloudError
from sandbox.plugins.exoscale.schema import Function
from sandbox.plugins.properties import Properties


def call(clients: Clients, arguments: Properties) -> Properties:
    """Lists the domains."""
    client, wanted = clients.v3(GLOBAL_ZONE), arguments["name"]
    try:
        domains = client.call("list-dns-domains")["dns-domains"]
    except CloudError as error:
        raise CloudError(f"error retrieving domain list: {error}") from None
    for domain in domains:
        if wanted in (domain["id"], domain["unicode-name"]):
            return {"id": domain["id"], "name": domain["unicode-name"]}
    raise CloudError(f'error retrieving domain: "{wanted}" not found in ListDNSDomainsResponse: Not Found')


FUNCTION = Function(token="exoscale:index/getDomain:getDomain", required=("name",), call=call)  # noqa: S106

"""One running cluster for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.sandbox.clusters.account import Account


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Shared by a module's tests; each sets the number of instances that it needs."""
    account = Account(tmp_path_factory.mktemp("home"))
    try:
        account.start()
        yield account
    finally:
        account.close()

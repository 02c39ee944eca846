"""What every end-to-end test starts from: a data directory, a server, a client that is logged in."""

import pytest

from martlet import DataDirectory, PASSWORD, USER, running, scratch
from wire import IMAP


@pytest.fixture
def place():
    with scratch() as path:
        yield path


@pytest.fixture
def directory(place):
    """A data directory with one domain and one account."""
    return DataDirectory.made(place / "data")


@pytest.fixture
def server(directory):
    """A server on it. When the test ends it is stopped and the directory checked."""
    with running(directory) as server:
        yield server


@pytest.fixture
def alice(server):
    """A plain connection on which alice is logged in."""
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        yield client

"""One simulator over TLS and one gateway in front of it, each a process of its own, for all end-to-end tests."""

import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import anthropic
import openai
import pytest
import trustme

from tests.processes import CEILING, KEY, Process, Simulator, environment, gateway_environment, running

ADMIN = "e2e-admin-key-0000000000000000000"


@dataclass(frozen=True)
class Rig:
    """The two processes, and the certificate authority between them."""

    gateway: Process
    simulator: Simulator
    authority: Path

    @property
    def url(self) -> str:
        return self.gateway.url


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority made for this run, with a certificate for the simulator beside it."""
    folder = tmp_path_factory.mktemp("tls")
    maker = trustme.CA()
    maker.cert_pem.write_to_path(folder / "ca.pem")
    certificate = maker.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "certificate.pem", append=True)
    return folder / "ca.pem"


@pytest.fixture(scope="session")
def simulator(authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    home = tmp_path_factory.mktemp("simulator")
    tls = ("--certificate", str(authority.with_name("certificate.pem")), "--key", str(authority.with_name("key.pem")))
    with running("simulate", "--port", "0", *tls, environment=environment(home), log=home / "log") as process:
        yield Simulator(process.url, authority)


@pytest.fixture(scope="session")
def processes(simulator: Simulator, authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    home = tmp_path_factory.mktemp("gateway")
    environment = gateway_environment(home, simulator.url, authority, PROXY_ADMIN_KEY=ADMIN)
    with running("serve", "--port", "0", environment=environment, log=home / "log") as process:
        yield Rig(process, simulator, authority)


@pytest.fixture
def rig(processes: Rig) -> Rig:
    """The processes with nothing scripted and nothing recorded, and the account as new whatever the last test did."""
    processes.simulator.reset()
    enable = urllib.request.Request(f"{processes.url}/accounts/0/enable", b"", {"x-api-key": ADMIN}, method="POST")
    urllib.request.urlopen(enable, timeout=CEILING).close()
    return processes


@pytest.fixture
def claude(rig: Rig) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=rig.url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
async def async_claude(rig: Rig) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=rig.url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(rig: Rig) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{rig.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
async def async_gpt(rig: Rig) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{rig.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client

"""Addresses of the service: TLS files that fit or do not, a port that is taken, an end that finishes what is asked."""

import signal
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import whyrec
from kg.errors import UsageError
from tests.whyrec.service.real_server import serving
from whyrec.service.access import Tokens
from whyrec.service.server import GRACE_SECONDS, Address

PEM, PLAIN = serialization.Encoding.PEM, serialization.NoEncryption()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tls") / "shop"
    whyrec.create(place, example=True).load()
    return place


def _key(path: Path, encryption: serialization.KeySerializationEncryption = PLAIN) -> ec.EllipticCurvePrivateKey:
    made = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(made.private_bytes(PEM, serialization.PrivateFormat.PKCS8, encryption))
    return made


def _pair(folder: Path, begins: int = -1, ends: int = 1, passphrase: bytes = b"") -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key; valid between so many days from now."""
    certificate, path, now = folder / "cert.pem", folder / "key.pem", datetime.now(UTC)
    key = _key(path, serialization.BestAvailableEncryption(passphrase) if passphrase else PLAIN)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(PEM))
    return certificate, path


def test_files_that_fit_say_nothing_and_a_certificate_out_of_its_time_says_so(tmp_path: Path) -> None:
    assert Address(certificate=(pair := _pair(tmp_path))[0], key=pair[1]).notices() == []
    for begins, ends, told in ((-10, -1, "has ended"), (1, 10, "is not valid yet")):
        pair = _pair(tmp_path, begins, ends)
        (notice,) = Address(certificate=pair[0], key=pair[1]).notices()
        assert told in notice and str(pair[0]) in notice


def test_files_that_do_not_fit_are_told_by_what_is_wrong(tmp_path: Path) -> None:
    certificate, key = _pair(tmp_path)
    other, none = tmp_path / "other.pem", tmp_path / "none.pem"
    _key(other)
    none.write_text("nothing of the kind", encoding="ascii")
    for pair, told in (
        ((certificate, other), r"`tls_key` .*other\.pem: is not the key of"),
        ((none, key), r"`tls_cert` .*none\.pem: holds no certificate"),
        ((key, certificate), r"`tls_cert` .*key\.pem: holds no certificate"),
        ((certificate, none), r"`tls_key` .*none\.pem: holds no private key"),
    ):
        with pytest.raises(UsageError, match=told):
            Address(certificate=pair[0], key=pair[1]).notices()
    pair = _pair(tmp_path, passphrase=b"secret")
    with pytest.raises(UsageError, match="wants a passphrase"):
        Address(certificate=pair[0], key=pair[1]).notices()


def test_the_address_of_the_console_can_be_opened_whatever_the_host() -> None:
    assert Address("::1", 8765).url == "http://[::1]:8765" and Address("::1").local
    assert Address("shop.example").url == "http://shop.example:8765"
    assert "`tls_cert`" in Address("0.0.0.0").notices()[0] and not Address("localhost").notices()


def test_a_service_over_tls_finishes_what_is_asked_and_keeps_its_port(folder: Path, tmp_path: Path) -> None:
    certificate, key = _pair(tmp_path)
    with serving(folder, options=("--tls-cert", str(certificate), "--tls-key", str(key))) as served:
        assert served.told[0] == f"Console:  https://127.0.0.1:{served.port}/\n"
        command = [sys.executable, "-m", "cli", "-w", str(folder), "serve", "--port", str(served.port)]
        taken = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (taken.returncode, taken.stdout) == (2, "") and "Address already in use" in taken.stderr
        trusted = ssl.create_default_context(cafile=str(certificate))
        headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
        with httpx.Client(verify=trusted, base_url=f"https://localhost:{served.port}", timeout=120) as client:
            assert client.get("/api/v1/health/ready").json() == {"status": "ready"}
            with ThreadPoolExecutor(1) as threads:
                slow = threads.submit(client.get, "/api/v1/why-not?user=u0002&item=p0042", headers=headers)
                while not _asked(client, headers):
                    assert not slow.done()
                served.process.send_signal(signal.SIGTERM)
                assert slow.result().json()["item"]["id"] == "p0042"
        assert served.process.wait(timeout=60) == 0


def test_whoever_has_an_answer_and_stays_does_not_hold_the_end_up(folder: Path, tmp_path: Path) -> None:
    """Over TLS a connection ends once its client says so, too, which one that waits in a pool does not."""
    certificate, key = _pair(tmp_path)
    trusted = ssl.create_default_context(cafile=str(certificate))
    with (
        serving(folder, options=("--tls-cert", str(certificate), "--tls-key", str(key))) as served,
        socket.create_connection(("127.0.0.1", served.port)) as plain,
        trusted.wrap_socket(plain, server_hostname="localhost") as idle,
    ):
        idle.sendall(b"GET /api/v1/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(1_000).startswith(b"HTTP/1.1 200")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=GRACE_SECONDS / 2) == 0


def _asked(client: httpx.Client, headers: dict[str, str]) -> bool:
    """Whether somebody has been asked about: what was asked is kept before it is answered."""
    return bool(client.get("/api/v1/users/u0002/looks", headers=headers).json())

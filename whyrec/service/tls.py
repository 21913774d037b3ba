"""TLS files looked at before anything is served: whether they fit, and whether anybody would accept them."""

import ssl
from contextlib import suppress
from pathlib import Path

from kg.errors import UsageError

ENDED, NOT_BEGUN = 10, 9
"""OpenSSL's numbers of what is wrong with a certificate's time."""


def checked_pair(certificate: Path, key: Path) -> list[str]:
    """What to tell about a certificate and its key that can be served.

    :raises UsageError: where they cannot: one is none, they do not fit, or the key wants a passphrase, which nobody is
        there to type.
    """
    own = _server(certificate, key)
    wrong = _refusal(own, certificate)
    if wrong not in (ENDED, NOT_BEGUN):
        return []
    what = "has ended" if wrong == ENDED else "is not valid yet"
    return [f"the certificate {certificate} {what}: browsers and clients will refuse it; give one that is valid"]


def _server(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(certificate)
    except ssl.SSLError:
        raise UsageError(f"`tls_cert` {certificate}: holds no certificate; expected one in PEM") from None
    except OSError as problem:
        raise UsageError(f"`tls_cert` {certificate}: {problem.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except ssl.SSLError as problem:
        if problem.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(f"`tls_key` {key}: is not the key of the certificate {certificate}") from None
        with suppress(OSError):
            if "PRIVATE KEY" in key.read_text(encoding="ascii", errors="ignore"):
                raise UsageError(f"`tls_cert`, `tls_key`: OpenSSL refuses them: {problem.reason}") from None
        raise UsageError(f"`tls_key` {key}: holds no private key; expected one in PEM") from None
    except OSError as problem:
        raise UsageError(f"`tls_key` {key}: {problem.strerror}") from None
    except _PassphraseError:
        raise UsageError(
            f"`tls_key` {key}: wants a passphrase; write it without one, for its owner alone: openssl pkey -in {key} "
            "-out FILE"
        ) from None
    return context


class _PassphraseError(Exception):
    """Somebody would have to type one."""


def _no_passphrase() -> str:
    raise _PassphraseError


def _refusal(server: ssl.SSLContext, certificate: Path) -> int | None:
    """Why a client that trusts this certificate alone would refuse it, by OpenSSL's number; ``None`` where it would
    not. Both talk in memory."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True))
    for _ in range(4):  # messages of a handshake there and back
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as problem:
                return problem.verify_code
            except ssl.SSLError:
                return None
    return None

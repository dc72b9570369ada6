"""What must travel encrypted does: no mail without STARTTLS, nothing to a server that nobody vouches for."""

from __future__ import annotations

import asyncio
import ssl
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from desk.delivery import email
from desk.delivery.claims import claim, compose
from desk.delivery.delivery_settings import Mail
from desk.delivery.failures import DeliveryFailed
from desk.delivery.sending import deliver_due
from tests.delivery_fixtures import NOW, HttpTarget, MailServer, Use, book, mail_server, rows, use  # noqa: F401
from tests.desk_fixtures import sqlite_database  # noqa: F401


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    file = tmp_path / "server.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*plain) + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_webhook_is_not_sent_to_a_server_that_nobody_vouches_for(
    sqlite_database: str, use: Use, own_certificate: ssl.SSLContext  # noqa: F811
) -> None:
    target = HttpTarget()
    asked = []

    class Server(HTTPServer):
        def get_request(self):  # type: ignore[no-untyped-def]
            asked.append(1)
            return super().get_request()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            target.requests.append({})

    server = Server(("127.0.0.1", target.port), Handler)
    server.socket = own_certificate.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        use({"WEBHOOK_URL": f"https://localhost:{target.port}/", "WEBHOOK_SECRET": "s" * 32})
        book()
        deliver_due(NOW)
    finally:
        server.shutdown()
        server.server_close()
    assert asked and target.requests == []
    assert (rows()[0].state, rows()[0].failure) == ("waiting", "unreachable: ConnectError")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_no_mail_and_no_password_go_to_a_server_without_tls(
    sqlite_database: str, use: Use, mail_server: MailServer, tls: str  # noqa: F811
) -> None:
    use(mail_server.settings)
    book()
    claimed = claim("email", NOW)
    assert claimed is not None
    message = compose(claimed)
    assert message is not None
    mail = Mail("127.0.0.1", mail_server.port, tls, "desk@clinic.example", ("front@clinic.example",), "desk", "password")
    with pytest.raises(DeliveryFailed, match="^unreachable: "):
        asyncio.run(email.send(message, mail, NOW))
    assert mail_server.mails == []

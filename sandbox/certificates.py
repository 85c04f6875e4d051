"""Common parts of all certificates of the sandbox, whoever signs them."""

from datetime import UTC, datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key


def new_key() -> ec.EllipticCurvePrivateKey:
    """Generates a private key; elliptic, because an RSA key takes noticeably longer."""
    return ec.generate_private_key(ec.SECP256R1())


def builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    life: timedelta,
) -> x509.CertificateBuilder:
    """Builds a certificate that is valid from now by this machine's clock, which clients and API servers use.

    It contains the subject and authority key identifiers that Python 3.13 and later require (VERIFY_X509_STRICT).
    """
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def key_usage(signs_certificates: bool) -> x509.KeyUsage:
    """Returns the key usage of an authority, or of a certificate that it signs."""
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def pem(certificate: x509.Certificate) -> str:
    """Returns the certificate as PEM text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Returns the private key as PEM text, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Reads a private key written by `key_pem`."""
    return cast(ec.EllipticCurvePrivateKey, load_pem_private_key(text.encode(), password=None))

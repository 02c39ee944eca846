"""What tests of credentials need: one-time codes by oathtool, SCRAM by scramp, client certificates, PROXY headers."""

import ipaddress
import pathlib
import re
import struct
import time

from martlet import USER, run


def code(uri, *, at=None):
    """The code of an otpauth URI, made by oathtool."""
    secret = re.search(r"[?&]secret=([A-Z2-7]+)", uri).group(1)
    moment = [] if at is None else ["--now", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))]
    return run(["oathtool", "--totp", "--base32", *moment, secret]).stdout.decode().strip()


def turn_totp_on(directory, address=USER):
    """Enrols and confirms; gives the otpauth URI."""
    uri = directory.json("totp", "enroll", address)["uri"]
    directory.martlet("totp", "confirm", address, code(uri))
    return uri


def app_password(directory, address=USER, *options, label="Laptop"):
    """(id, secret) of a new one."""
    made = directory.json("app-password", "create", address, "--label", label, *options)
    return made["id"], made["secret"]


def spoilt(secret):
    """The secret with another last letter."""
    return secret[:-1] + ("y" if secret.endswith("x") else "x")


def client_certificate(place, name="client", days=30):
    """(certificate, key) as PEM files, signed by itself."""
    certificate, key = pathlib.Path(place) / f"{name}.pem", pathlib.Path(place) / f"{name}.key"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", days,
         "-keyout", key, "-out", certificate, "-subj", f"/CN={name}"])
    return certificate, key


def scram(user, password):
    """Answers for imaplib's `authenticate`, by a SCRAM client that is not ours; it checks the server's signature."""
    import scramp  # here: the rigs of Tests/Faults use the rest of this file and have Python's own library alone
    client = scramp.ScramClient(["SCRAM-SHA-256"], user, password)
    state = iter(["first", "final", "end"])

    def answer(challenge):
        step = next(state)
        if step == "first":
            return client.get_client_first()
        if step == "final":
            client.set_server_first(bytes(challenge).decode())
            return client.get_client_final()
        client.set_server_final(bytes(challenge).decode())
        return ""
    return answer


def proxy_header(source, *, command=1, tlvs=b""):
    """A PROXY protocol header, version 2 (TCP over IPv4 or IPv6), as its specification writes it."""
    source = ipaddress.ip_address(source)
    destination = ipaddress.ip_address("192.0.2.1" if source.version == 4 else "2001:db8::1")
    family = 0x11 if source.version == 4 else 0x21
    rest = source.packed + destination.packed + struct.pack("!HH", 49152, 993) + tlvs
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x20 | command, family, len(rest)) + rest

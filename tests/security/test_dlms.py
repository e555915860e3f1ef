"""DLMS/COSEM security: official vectors, every wrapper, wrong keys told from damage, and a second opinion."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from gurux_dlms.AesGcmParameter import AesGcmParameter
from gurux_dlms.enums import Security
from gurux_dlms.GXDLMSChippering import GXDLMSChippering
from hypothesis import given, strategies as st
import pytest

from customer_interface.reading import Fault, FaultKind
from customer_interface.security.dlms import (
    Opened,
    is_signer,
    looks_plain,
    open_apdu,
    title_of,
    verifies,
)
from tests.dlms_apdus import (
    AK,
    EK,
    HEADER,
    KEK,
    NETZ_NOE_KEY,
    TINETZ,
    TINETZ_KEY,
    TITLE,
    apdus,
    general_ciphering,
    general_glo,
    general_signing,
    octets,
)
from tests.link.vectors import BARE, BARE_OTHER, GBT, HDLC, MBUS_TWO, NETZ_NOE

PLAIN = bytes.fromhex("0F000000010002010600000200")
OTHER = bytes(range(0x80, 0x90))
LUXEMBOURG_AK = bytes.fromhex("00112233445566778899AABBCCDDEEFF")


def opened(*args: object) -> Opened:
    """Open an APDU that opens."""
    result = open_apdu(*args)  # type: ignore[arg-type]
    assert isinstance(result, Opened), result
    return result


def refused(*args: object) -> Fault:
    """Open an APDU that must not open."""
    result = open_apdu(*args)  # type: ignore[arg-type]
    assert isinstance(result, Fault), result
    return result


def test_green_book() -> None:
    """The Green Book's example of general-glo-ciphering: authenticated and encrypted."""
    apdu = bytes.fromhex(
        "DB084D4D4D0000BC614E30300123456"
        "7801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6FDB8E356855"
    )
    plain = "01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0"
    assert opened(apdu, (EK,), (AK,)) == Opened(
        bytes.fromhex(plain), TITLE.hex().upper(), 0x01234567, True, True, 0
    )


@pytest.mark.parametrize(
    ("telegram", "key", "title", "counter", "start"),
    [
        (NETZ_NOE, NETZ_NOE_KEY, "4B464D6750000009", 0x23, "0F"),
        (TINETZ, TINETZ_KEY, "4B464D1010000023", 0x295B9A, "0F"),
        (MBUS_TWO, EK, "4B464D6750000001", 0x125, "0F"),
        (HDLC, EK, "49534B6974000001", 0x123, "0F"),
        (GBT, EK, "49534B6974000001", 0x124, "0F"),
        (BARE, EK, "5341473500000001", 1, "2F455354"),
        (BARE_OTHER, EK, "5341470000000001", 1, "2F455354"),
    ],
    ids=["netz-noe", "tinetz", "segments", "hdlc", "blocks", "graz", "luxembourg"],
)
def test_telegrams(
    telegram: bytes, key: bytes, title: str, counter: int, start: str
) -> None:
    """Telegrams of grid operators' documents, and own ones of their kind, open with their key alone."""
    (apdu,) = apdus(telegram)
    assert isinstance(apdu, bytes)
    result = opened(apdu, (OTHER, key))
    assert (result.title, result.counter, result.key_index) == (title, counter, 1)
    assert result.encrypted
    assert not result.authenticated
    assert result.plaintext.hex().upper().startswith(start)
    assert title_of(apdu) == title


@pytest.mark.parametrize(
    ("telegram", "authentication"), [(BARE, AK), (BARE_OTHER, LUXEMBOURG_AK)]
)
def test_text_authenticates(telegram: bytes, authentication: bytes) -> None:
    """A DSMR text of Graz or Luxembourg authenticates with the second key."""
    assert opened(telegram, (EK,), (authentication,)).authenticated


@pytest.mark.parametrize("form", [1, 2, 3, 5])
@pytest.mark.parametrize("tag", [0xDB, 0xDC])
@pytest.mark.parametrize("control", [0x20, 0x21, 0x30, 0x31, 0x60, 0x70])
def test_security_controls(control: int, tag: int, form: int) -> None:
    """Each form of protection, of wrapper and of length, with bytes behind it."""
    apdu = general_glo(PLAIN, control, tag=tag, form=form) + b"\x55"
    result = opened(apdu, (OTHER, EK), (OTHER, AK))
    assert result.plaintext == PLAIN
    assert result.encrypted
    assert result.authenticated is bool(control & 0x10)
    assert result.key_index == 1


def test_authenticated_only() -> None:
    """A plain telegram with a tag is read without keys, and authenticated with both."""
    apdu = general_glo(PLAIN, 0x10)
    assert opened(apdu, ()) == Opened(PLAIN, TITLE.hex().upper(), 0x01234567)
    assert opened(apdu, (EK,), (AK,)).authenticated
    assert refused(apdu, (EK,), (OTHER,)).kind is FaultKind.AUTHENTICATION
    assert refused(apdu, (), (AK,)).kind is FaultKind.KEY


def test_protected_in_name_only() -> None:
    """A wrapper that neither authenticates nor encrypts is taken off."""
    assert opened(general_glo(PLAIN, 0x00), ()).plaintext == PLAIN


def test_suite_2() -> None:
    """Security suite 2 needs a key of 32 bytes, and says so."""
    key, authentication = bytes(range(32)), bytes(range(32, 64))
    apdu = general_glo(PLAIN, 0x32, key=key, authentication=authentication)
    result = opened(apdu, (EK, key), (authentication,))
    assert (result.authenticated, result.key_index) == (True, 1)
    fault = refused(apdu, (EK,))
    assert fault.kind is FaultKind.KEY
    assert "64 hexadecimal digits" in fault.detail


def test_no_title() -> None:
    """A wrapper with an empty title counts from zeros (Stoen Operator)."""
    result = opened(general_glo(PLAIN, title=b""), (EK,), (AK,))
    assert (result.authenticated, result.title) == (True, None)


@pytest.mark.parametrize(
    ("keys", "authentication", "kind"),
    [
        ((), (), FaultKind.KEY),
        ((OTHER,), (), FaultKind.KEY),
        ((OTHER,), (AK,), FaultKind.KEY),
        ((OTHER, KEK), (OTHER,), FaultKind.KEY),
        ((EK,), (OTHER,), FaultKind.AUTHENTICATION),
    ],
)
def test_wrong_keys(
    keys: tuple[bytes, ...], authentication: tuple[bytes, ...], kind: FaultKind
) -> None:
    """A wrong key is told from a wrong authentication key, and no key is in the words."""
    fault = refused(general_glo(PLAIN), keys, authentication)
    assert fault.kind is kind
    assert not any(key.hex() in fault.detail.lower() for key in (*keys, EK, AK))


def test_damage() -> None:
    """A damaged telegram is never believed where a tag can be verified."""
    apdu = bytearray(general_glo(PLAIN))
    apdu[-14] ^= 1
    assert refused(bytes(apdu), (EK,), (AK,)).kind is FaultKind.AUTHENTICATION


@given(key=st.binary(min_size=16, max_size=16))
def test_no_other_key_opens(key: bytes) -> None:
    """Without a tag what a key makes must look like a telegram."""
    if key != EK:
        assert refused(general_glo(PLAIN, 0x20), (key,)).kind is FaultKind.KEY


@pytest.mark.parametrize(
    ("apdu", "kind", "words"),
    [
        (general_glo(PLAIN, 0xB0), FaultKind.UNSUPPORTED, "compressed"),
        (general_glo(PLAIN, 0x23), FaultKind.UNSUPPORTED, "suite 3"),
        (general_glo(PLAIN)[:-1], FaultKind.TRUNCATED, "lacks 1 "),
        (b"\xdb\x08" + TITLE + b"\x05\x30\0\0\0\0", FaultKind.TRUNCATED, "shorter"),
        (b"\xdb\x08" + TITLE + b"\x00", FaultKind.TRUNCATED, "shorter"),
        (b"\xdb\x08" + TITLE + b"\x85\0\0\0\0\0", FaultKind.UNSUPPORTED, "form 85"),
        (b"\xdb\x03abc\x05\x20\0\0\0\0", FaultKind.UNSUPPORTED, "title"),
        (b"\xdb", FaultKind.TRUNCATED, "lacks"),
        (b"\xc9\x10" + bytes(16), FaultKind.UNSUPPORTED, "single service"),
    ],
)
def test_refused(apdu: bytes, kind: FaultKind, words: str) -> None:
    """What cannot be opened says why."""
    fault = refused(apdu, (EK,), (AK,))
    assert fault.kind is kind
    assert words in fault.detail


def test_nothing_to_open() -> None:
    """An APDU without protection comes back as it is."""
    assert opened(PLAIN, (EK,), (AK,)) == Opened(PLAIN)
    assert opened(b"", ()) == Opened(b"")
    assert title_of(PLAIN) is None


@pytest.mark.parametrize("key_info", [b"\x00", b"\x01\x00\x00", b"\x01\x00\x01"])
def test_identified_key(key_info: bytes) -> None:
    """general-ciphering without key information, and with the unicast or broadcast key named."""
    apdu = general_ciphering(PLAIN, key_info)
    result = opened(apdu, (OTHER, EK), (AK,))
    assert (result.plaintext, result.authenticated) == (PLAIN, True)
    assert title_of(apdu) == result.title == TITLE.hex().upper()


@pytest.mark.parametrize(("session_key", "control"), [(OTHER, 0x31), (OTHER * 2, 0x32)])
def test_wrapped_key(session_key: bytes, control: int) -> None:
    """general-ciphering with a key of its own, wrapped with the master key (RFC 3394)."""
    key_info = b"\x01\x01\x00" + octets(aes_key_wrap(KEK, session_key))
    apdu = general_ciphering(PLAIN, key_info, control, session_key)
    result = opened(apdu, (EK, KEK), (AK,))
    assert (result.plaintext, result.authenticated, result.key_index) == (
        PLAIN,
        True,
        1,
    )
    assert "unwraps" in refused(apdu, (EK,)).detail


def test_agreed_key() -> None:
    """An agreed key is refused with its reason."""
    apdu = general_ciphering(PLAIN, b"\x01\x02" + octets(b"\x01") + octets(bytes(64)))
    assert "agreed key" in refused(apdu, (EK,)).detail
    apdu = general_ciphering(PLAIN, b"\x01\x07")
    assert "kind 7" in refused(apdu, (EK,)).detail


@pytest.mark.parametrize(
    ("curve", "digest", "size"),
    [(ec.SECP256R1(), hashes.SHA256(), 32), (ec.SECP384R1(), hashes.SHA384(), 48)],
    ids=["P-256", "P-384"],
)
def test_signature(
    curve: ec.EllipticCurve, digest: hashes.HashAlgorithm, size: int
) -> None:
    """general-signing is verified with a public key in each form, and taken off unverified without one."""
    private = ec.generate_private_key(curve)
    signed = HEADER + octets(PLAIN)
    r, s = utils.decode_dss_signature(private.sign(signed, ec.ECDSA(digest)))
    signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    apdu = general_signing(PLAIN, signature)
    public = private.public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for signer in (
        point,
        point[1:],
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ):
        result = opened(apdu, (), (), (b"no key", signer))
        assert (result.plaintext, result.authenticated) == (PLAIN, True)
    assert not opened(apdu, ()).authenticated
    stranger = ec.generate_private_key(curve).public_key()
    other = stranger.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert refused(apdu, (), (), (other,)).kind is FaultKind.AUTHENTICATION
    assert not verifies(point, signature[:-1] + b"\0", signed)
    assert not verifies(point, bytes(2 * size), signed)
    assert not verifies(point, b"", signed)


def test_what_is_no_signer() -> None:
    """A key of another kind or on an unknown curve verifies nothing."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    assert is_signer(spki)
    for signer in (
        spki.replace(
            bytes.fromhex("2A8648CE3D030107"), bytes.fromhex("2A8648CE3D030177")
        ),
        other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        ROOT.replace(
            bytes.fromhex("2A8648CE3D030107"), bytes.fromhex("2A8648CE3D030177")
        ),
        b"\x04" + bytes(64),
        b"-----BEGIN CERTIFICATE-----",
        b"",
    ):
        assert not is_signer(signer)
        assert not verifies(signer, bytes(64), b"")


def test_signed_then_ciphered() -> None:
    """What is inside a cipher may be another wrapper."""
    inner = general_signing(PLAIN, bytes(64))
    for wrapper in (inner, general_glo(PLAIN), b"\xe0\xc0\0\1\0\0" + octets(PLAIN)):
        assert opened(general_glo(wrapper, 0x20), (EK,)).plaintext == wrapper


@pytest.mark.parametrize(
    "data", [b"", b"\x0f", b"\x0f" + bytes(20), b"/ab", b"\xdb\x08\x00\x00\x00" * 3]
)
def test_implausible(data: bytes) -> None:
    """What only begins like a telegram is none."""
    assert not looks_plain(data)


@pytest.mark.parametrize("control", [0x10, 0x20, 0x30])
def test_second_opinion(control: int) -> None:
    """What gurux-dlms protects, the library opens."""
    parameter = AesGcmParameter(0xDB, TITLE, EK, AK)
    parameter.security = Security(control)
    parameter.invocationCounter = 77
    apdu = bytes(GXDLMSChippering.encryptAesGcm(parameter, bytearray(PLAIN)))
    result = opened(apdu, (EK,), (AK,))
    assert (result.plaintext, result.counter) == (PLAIN, 77)
    assert result.authenticated is bool(control & 0x10)


@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.builds(
            lambda head, rest: head + rest,
            st.sampled_from(
                [b"\xdb\x08", b"\xdc\x08", b"\xdd", b"\xdf", b"\xdd" + HEADER]
            ),
            st.binary(max_size=120),
        ),
    ),
    signers=st.lists(st.binary(max_size=100), max_size=1),
)
def test_any_bytes(data: bytes, signers: list[bytes]) -> None:
    """Whatever the bytes, nothing raises and nothing grows."""
    result = open_apdu(data, (EK, bytes(32), b""), (AK, b""), signers)
    if isinstance(result, Opened):
        assert len(result.plaintext) <= len(data)
        assert not result.authenticated


# KSMW companion standard, appendix 2: the root certificate as its printed fields make it (the base64 beside them is
# garbled), signed with the printed signature.
ROOT_TBS = bytes.fromhex(
    "30820111A00302010202045B050938300A06082A8648CE3D040302301A3118301606035504030C0F534D2D546573742D526F6F742D43"
    "41301E170D3138303433303231303030305A170D3238303433303231303030305A301A3118301606035504030C0F534D2D546573742D"
    "526F6F742D43413059301306072A8648CE3D020106082A8648CE3D030107034200048157ACA42BF6C3E0BAB08D04FCE199D06AC93FBE"
    "62FF0B5432C42EB75DB6EF4314953F4382B3305383DDD8654E0846C6540A82ECB4E7BBE3FA39D41899405F78A345304330120603551D"
    "130101FF040830060101FF020100300E0603551D0F0101FF040403020106301D0603551D0E0416041420EFDBF009F35AB9DD9B8CEB15"
    "24E71FB2DC861B"
)
ROOT_SIGNATURE = bytes.fromhex(
    "304502210093475701AA72DCB84B5EFE2B716E09083F68B75A49FC097BCCCF97C2CACFBE4F"
    "022061DF977927653AB8B99EC813A513B946293F51D36BE68323BCEFA20C5BBE4FAC"
)
ROOT = (
    b"\x30\x82\x01\x6b"
    + ROOT_TBS
    + bytes.fromhex("300A06082A8648CE3D040302034800")
    + ROOT_SIGNATURE
)


@pytest.mark.parametrize("pem", [False, True])
def test_certificate_of_companion_standard(pem: bool) -> None:
    """A certificate is taken for its public key: the root's verifies its own signature, and no other."""
    certificate = load_der_x509_certificate(ROOT)
    signer = certificate.public_bytes(Encoding.PEM) if pem else ROOT
    r, s = utils.decode_dss_signature(ROOT_SIGNATURE)
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert verifies(signer, signature, ROOT_TBS)
    assert not verifies(signer, signature, ROOT_TBS[:-1] + b"\0")

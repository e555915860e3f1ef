"""DLMS/COSEM security: official vectors, every wrapper, wrong keys told from damage, and a second opinion."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.oid import NameOID
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
    seal_of,
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
        bytes.fromhex(plain), TITLE.hex().upper(), 0x01234567, True, True, 0, 0
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
    flipped = signature[:-1] + bytes((signature[-1] ^ 1,))
    assert not verifies(point, flipped, signed)
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
        _certificate(0).replace(
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


# KSMW companion standard, appendix 2: the certificates of root, certification authority and client as their printed
# fields make them (the base64 beside them is garbled), each with its printed signature, which its issuer's key made.
CERTIFICATES = [
    (
        bytes.fromhex(
            "30820111A00302010202045B050938300A06082A8648CE3D040302301A3118301606035504030C0F534D2D546573742D526F6F74"
            "2D4341301E170D3138303433303231303030305A170D3238303433303231303030305A301A3118301606035504030C0F534D2D54"
            "6573742D526F6F742D43413059301306072A8648CE3D020106082A8648CE3D030107034200048157ACA42BF6C3E0BAB08D04FCE1"
            "99D06AC93FBE62FF0B5432C42EB75DB6EF4314953F4382B3305383DDD8654E0846C6540A82ECB4E7BBE3FA39D41899405F78A345"
            "304330120603551D130101FF040830060101FF020100300E0603551D0F0101FF040403020106301D0603551D0E0416041420EFDB"
            "F009F35AB9DD9B8CEB1524E71FB2DC861B"
        ),
        bytes.fromhex(
            "304502210093475701AA72DCB84B5EFE2B716E09083F68B75A49FC097BCCCF97C2CACFBE4F022061DF977927653AB8B99EC813A5"
            "13B946293F51D36BE68323BCEFA20C5BBE4FAC"
        ),
    ),
    (
        bytes.fromhex(
            "30820195A00302010202045B050CC8300A06082A8648CE3D040302301A3118301606035504030C0F534D2D546573742D526F6F74"
            "2D4341301E170D3138303433303231303030305A170D3238303433303231303030305A3011310F300D06035504030C064845532D"
            "43413059301306072A8648CE3D020106082A8648CE3D03010703420004818D694F144AFBD7E1AA2A9CA6E461F32FB61569555551"
            "FDC77E5AF3AFDA5F5EBAB194BE8CAA8C092408EE9739C72682F7B06F39E46A4C1FCC2F05B3398C04E4A381D13081CE3012060355"
            "1D130101FF040830060101FF020100300E0603551D0F0101FF04040302010630420603551D20043B303930370604551D2000302F"
            "302D06082B06010505070201162168747470733A2F2F636F6E666C75656E63652E73616C7A627572672D61672E61743045060355"
            "1D23043E303C801420EFDBF009F35AB9DD9B8CEB1524E71FB2DC861BA11EA41C301A3118301606035504030C0F534D2D54657374"
            "2D526F6F742D434182045B050938301D0603551D0E041604141F3FCB93BB85144A7C1FDD48680EF0A61CF81C57"
        ),
        bytes.fromhex(
            "304502210084602098FB259838C8DD94C398FAF72E8C35118241B80CCAA43F89D7A5CD1D9E02203115CC7B6AE232AA19B2019283"
            "BE4DB4223D37852A53AFBBD61B0D46C11FE448"
        ),
    ),
    (
        bytes.fromhex(
            "30820123A00302010202045B050D30300A06082A8648CE3D0403023011310F300D06035504030C064845532D4341301E170D3138"
            "303531393231303030305A170D3230303531393231303030305A302A3128302606035504030C1F444C4D535465737465722D7369"
            "676E61747572652D4D616E6167656D656E743059301306072A8648CE3D020106082A8648CE3D03010703420004C89EABB2505100"
            "F84606C2A7A325F4968B654CF1FCB233794D151B0F764951E71CC8924D570C850D2FC9090BABF1FDB5E82DBF20CB55FDAC2A49E1"
            "FEAE3D1A33A350304E300E0603551D0F0101FF040403020780303C0603551D230435303380141F3FCB93BB85144A7C1FDD48680E"
            "F0A61CF81C57A115A4133011310F300D06035504030C064845532D434182045B050CC8"
        ),
        bytes.fromhex(
            "304602210080ABBABC95BE6E71B3032911FC01E46C8E44E11306297A51FAEE9DA7B166D8BA022100F9C4C4CD778321FA8856AC03"
            "B31F6407DB9517678843D33823754EE3222FC04F"
        ),
    ),
]
NAMES = ["SM-Test-Root-CA", "HES-CA", "DLMSTester-signature-Management"]


def _certificate(number: int) -> bytes:
    """Return a certificate as DER: what is signed, ecdsa-with-SHA256, the signature as a bit string."""
    signed, signature = CERTIFICATES[number]
    algorithm = bytes.fromhex("300A06082A8648CE3D040302")
    rest = algorithm + bytes((0x03, len(signature) + 1, 0)) + signature
    return b"\x30\x82" + (len(signed) + len(rest)).to_bytes(2) + signed + rest


@pytest.mark.parametrize("pem", [False, True])
@pytest.mark.parametrize(("number", "issuer"), [(0, 0), (1, 0), (2, 1)])
def test_certificates_of_companion_standard(
    number: int, issuer: int, pem: bool
) -> None:
    """A certificate is taken for its public key: the issuer's verifies the signature below it, and no other does."""
    certificate = load_der_x509_certificate(_certificate(number))
    common_name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert common_name[0].value == NAMES[number]
    signers = [
        load_der_x509_certificate(der).public_bytes(Encoding.PEM) if pem else der
        for der in map(_certificate, range(len(CERTIFICATES)))
    ]
    assert is_signer(signers[number])
    signed, der_signature = CERTIFICATES[number]
    r, s = utils.decode_dss_signature(der_signature)
    signature = r.to_bytes(32) + s.to_bytes(32)
    assert [verifies(signer, signature, signed) for signer in signers] == [
        at == issuer for at in range(len(CERTIFICATES))
    ]
    assert not verifies(signers[issuer], signature, signed[:-1] + b"\0")


def test_seal_shows_no_key() -> None:
    """Neither the key it opens with nor that of the tag is in what is printed of it."""
    seal = seal_of(general_glo(PLAIN, 0x30), EK, AK)
    assert seal is not None
    assert seal.associated == b"\x30" + AK
    shown = repr((seal,)) + str(seal)
    for key in (EK, AK):
        assert repr(key)[2:-1] not in shown
        assert key.hex().upper() not in shown.upper()

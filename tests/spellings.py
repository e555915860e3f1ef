"""The ways a key may have been written down by mistake."""

import base64
import json

_SEPARATORS = ("", " ", ":", "-", ",", ", ", " 0x", ", 0x", "\\x")


def spellings(key: str) -> set[bytes]:
    """Return a key of hexadecimal digits in every spelling: hexadecimal, Base64 and Base32, decimal, raw, escaped."""
    raw = bytes.fromhex(key)
    pairs = [f"{byte:02x}" for byte in raw]
    texts = {separator.join(pairs) for separator in _SEPARATORS}
    texts |= {text.upper() for text in texts}
    texts |= {raw[::-1].hex(), key.encode().hex(), key.lower().encode().hex()}
    texts |= {separator.join(map(str, raw)) for separator in (" ", ",", ", ")}
    texts |= {str(int.from_bytes(raw, "big")), repr(raw)[2:-1]}
    texts |= {raw.decode("latin-1"), json.dumps(raw.decode("latin-1"))[1:-1]}
    encoded = (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode)
    return (
        {text.encode() for text in texts}
        | {
            encode(data).rstrip(b"=")
            for encode in encoded
            for data in (raw, key.encode(), key.lower().encode())
        }
        | {raw, raw[::-1]}
    )

"""What protocol m1 refuses. Every refusal is a `Refused`; its text names the rule."""


class Refused(ValueError):
    """Base of all refusals: catch this one at the boundary."""


class BadEncoding(Refused):
    """Bytes, base64 or an id that has more than one reading, or none."""


class BadKey(Refused):
    """A public key that must not be used."""


class BadSignature(Refused):
    """A signature, MAC or sealed value that does not verify."""


class BadLink(Refused):
    """A device-list link that breaks a rule of docs/encryption.md 4.3."""


class BadEpoch(Refused):
    """An epoch record that breaks a rule of docs/encryption.md 4.7."""


class BadEnvelope(Refused):
    """A message envelope that breaks a rule of docs/encryption.md 4.8."""


class BadProof(Refused):
    """A device proof, nonce or ticket that is malformed, forged or too old."""

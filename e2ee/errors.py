"""What protocol m1 refuses. Every refusal is an `M1Error`; its text names the rule."""


class M1Error(ValueError):
    """Base of all refusals: catch this one at the boundary."""


class BadEncoding(M1Error):
    """Bytes, base64 or an id that has more than one reading, or none."""


class BadKey(M1Error):
    """A public key that must not be used."""


class BadSignature(M1Error):
    """A signature, MAC or sealed value that does not verify."""


class BadLink(M1Error):
    """A device-list link that breaks a rule of docs/encryption.md 4.3."""


class BadEpoch(M1Error):
    """An epoch record that breaks a rule of docs/encryption.md 4.7."""


class BadEnvelope(M1Error):
    """A message envelope that breaks a rule of docs/encryption.md 4.8."""


class BadProof(M1Error):
    """A device proof, nonce or ticket that is malformed, forged or too old."""


class BadReport(M1Error):
    """A report, or the record of the key it is sealed to, that breaks a rule of 4.10."""

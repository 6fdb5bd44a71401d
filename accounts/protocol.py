"""HTTP bodies of accounts (docs/encryption.md 4.18), and their limits. Pure.

`static/js/protocol.js` and `docs/protocol.md` are generated from here and from
`messaging/protocol.py` by `manage.py protocol`.
"""

from typing import Annotated, Literal

from msgspec import Meta

from chatsite.edge.wire import B32, B40, B64, U32, Body, Id, N

NAME_MIN, NAME_MAX = 3, 32  # characters of a username, after PRECIS
DISPLAY_NAME_MAX = 60  # characters
PASSWORD_MIN = 8  # characters; strength is zxcvbn's word, in the browser
KDF_M_MIN, KDF_M_MAX = 65_536, 262_144  # Argon2id memory, KiB
KDF_T_MIN, KDF_T_MAX = 3, 10  # Argon2id passes
DEVICES_MAX = 20  # listed and not gone
LINK_MAX = 30_000  # bytes; twenty devices are 28.7 KB
LINKS_PER_PAGE = 64  # of the caller's own list
LISTS_MAX = 50  # device lists a request
LINKS_PER_ANSWER = 256  # of all lists that a request asks for, each its equal share
WRAP_SIZE = 1168  # HPKE enc and sealed 32-byte seed
BOX_SIZE = 60  # a sealed 32-byte secret
VAULT_SIZE = 92
NOTE_SIZE = 284
FACTORS_MAX = 10
EMAIL_MAX = 254  # characters of an address
EMAIL_CODE_LENGTH = 8  # characters of the code that confirms it
WORK_BITS_MIN, WORK_BITS_MAX = 8, 18  # zero bits of each puzzle of a proof of work
WORK_SIZE, WORK_NONCES_SIZE = 73, 64  # bytes of a challenge; of sixteen nonces

Audience = Literal["contacts", "nobody"]
Askers = Literal["anybody", "link", "nobody"]
Name = Annotated[str, Meta(max_length=4 * NAME_MAX)]
Token = Annotated[str, Meta(max_length=64)]  # of an invite
Wrap = Annotated[bytes, Meta(min_length=WRAP_SIZE, max_length=WRAP_SIZE)]
Box = Annotated[bytes, Meta(min_length=BOX_SIZE, max_length=BOX_SIZE)]
VaultBox = Annotated[bytes, Meta(min_length=VAULT_SIZE, max_length=VAULT_SIZE)]
NoteBox = Annotated[bytes, Meta(min_length=NOTE_SIZE, max_length=NOTE_SIZE)]
Link = Annotated[bytes, Meta(min_length=1, max_length=LINK_MAX)]
Challenge = Annotated[bytes, Meta(min_length=WORK_SIZE, max_length=WORK_SIZE)]
Nonces = Annotated[bytes, Meta(min_length=WORK_NONCES_SIZE, max_length=WORK_NONCES_SIZE)]
Generation = Annotated[int, Meta(ge=1, le=2**32 - 2)]
ListHead = tuple[U32, B32]  # k and H(link_k)


class Kdf(Body):
    """Argon2id parameters; both ends refuse what lies outside the limits above."""

    m: Annotated[int, Meta(ge=KDF_M_MIN, le=KDF_M_MAX)]
    t: Annotated[int, Meta(ge=KDF_T_MIN, le=KDF_T_MAX)]
    p: Annotated[int, Meta(ge=1, le=1)]


class Start(Body):
    """POST /api/start: what a browser needs before it can derive `auth`."""

    name: Name


class Started(Body):
    kdf_salt: Id
    kdf: Kdf
    code_salt: Id


class SignUpStart(Body):
    """POST /api/sign-up/start: reserve a name for ten minutes. `invite`: the token of one, where
    nobody signs up without."""

    name: Name
    invite: Token | None = None


class Work(Body):
    """What a sign-up costs now (see *Proof of work*)."""

    challenge: Challenge
    bits: Annotated[int, Meta(ge=WORK_BITS_MIN, le=WORK_BITS_MAX)]


class WorkDone(Body):
    """`nonces`: one u32be for each puzzle, in order."""

    challenge: Challenge
    nonces: Nonces


class SignUpStarted(Body):
    """`work` is there while the site asks for it."""

    uid: Id
    name: str  # as PRECIS writes it
    pepper: B32
    work: Work | None = None


class DeviceWrap(Body):
    """The user-key seed sealed to one device; sixteen zero bytes name the recovery key."""

    device: Id
    wrap: Wrap


class Factor(Body):
    """RK under one factor. type: 1 code, 2 password, 3 passkey."""

    type: Annotated[int, Meta(ge=1, le=3)]
    id: Id
    wrap: Box


class Vault(Body):
    version: U32
    box: VaultBox


class PasswordValues(Body):
    kdf_salt: Id
    kdf: Kdf
    auth: B32


class CodeValues(Body):
    code_salt: Id
    code_auth: B32


class SignUp(Body):
    """POST /api/sign-up: everything at once, in one transaction. `work`: where the start asked for
    it; a reset never does."""

    display_name: Annotated[str, Meta(min_length=1, max_length=DISPLAY_NAME_MAX)]
    password: PasswordValues
    code: CodeValues
    link: Link
    wraps: Annotated[list[DeviceWrap], Meta(min_length=2, max_length=2)]
    vault: Vault
    factors: Annotated[list[Factor], Meta(min_length=2, max_length=2)]
    work: WorkDone | None = None


class Enrolled(Body):
    """The session now belongs to a listed device."""

    uid: Id
    device: Id
    head: ListHead
    token: str


class StandingQuestion(Body):
    """POST /api/standing: what became of a device whose session is over. `signature` by its key,
    over cat("m1:standing", host, uid, device)."""

    uid: Id
    device: Id
    signature: B64


class Standing(Body):
    """gone: signed out or removed elsewhere, or the account started over. Without the device's
    key the answer is `unknown`."""

    state: Literal["listed", "gone", "unknown"]


class ResetStart(Body):
    """POST /api/reset/start: mail a link, if there is a confirmed address. The answer is the same
    for everybody."""

    name: Name


class ResetOpen(Body):
    """POST /api/reset/open: whose account a token starts over."""

    token: B32


class ResetOpened(Body):
    uid: Id
    name: str
    display_name: str
    pepper: B32  # of the account after the reset


class ResetFinish(Body):
    """POST /api/reset/finish: everything of a sign-up; the link is k = 1 with `reset`. Answers
    Enrolled."""

    token: B32
    account: SignUp


class NewEmail(Body):
    """PUT /api/email: a code is mailed there."""

    address: Annotated[str, Meta(max_length=EMAIL_MAX)]


class EmailCode(Body):
    """POST /api/email/confirm."""

    code: Annotated[str, Meta(max_length=4 * EMAIL_CODE_LENGTH)]


class EmailAnswer(Body):
    """GET /api/email, and after each change. `mails`: this site can send mail at all."""

    mails: bool
    address: str = ""
    wanted: str = ""


class SignIn(Body):
    """POST /api/sign-in: exactly one of the two."""

    name: Name
    auth: B32 | None = None
    code_auth: B32 | None = None


class SignedIn(Body):
    uid: Id
    name: str
    display_name: str
    pepper: B32
    grant: B32  # opens the vault and enrols one device, ten minutes


class Unlock(Body):
    """POST /api/unlock: exactly one of the two."""

    auth: B32 | None = None
    code_auth: B32 | None = None


class Unlocked(Body):
    pepper: B32
    vault: Vault
    factors: list[Factor]


class VaultAnswer(Body):
    """GET /api/vault, under a grant."""

    vault: Vault
    factors: list[Factor]


class StoredWrap(Body):
    g: Generation
    device: Id
    k: U32
    wrap: Wrap


class PrevBox(Body):
    g: Generation
    box: Box


class Wraps(Body):
    """GET /api/wraps: of this device and of recovery, with the boxes of older generations."""

    wraps: list[StoredWrap]
    prev_boxes: list[PrevBox]


class Links(Body):
    """GET /api/links?after=: up to LINKS_PER_PAGE of `link‖sig` of the caller's list, oldest first.
    `gone`: devices that signed out; the next link leaves them out."""

    links: list[Link]
    head: ListHead
    gone: list[Id] = []


class ListWanted(Body):
    uid: Id
    after: U32 = 0  # the number of the last link that is known


class ReadLists(Body):
    """POST /api/links/read: lists of contacts and of people with an open request."""

    lists: Annotated[list[ListWanted], Meta(min_length=1, max_length=LISTS_MAX)]


class DeviceList(Body):
    """Links after the one that is known, oldest first; ask again until they reach the head."""

    uid: Id
    links: list[Link]
    head: ListHead


class Lists(Body):
    """Answers ReadLists. A stranger's list is left out, as if there were none."""

    lists: list[DeviceList]


class NewLink(Body):
    """POST /api/links: a link and all that it renews, in one transaction."""

    link: Link
    wraps: Annotated[list[DeviceWrap], Meta(max_length=DEVICES_MAX + 1)] = []
    prev_box: Box | None = None
    vault: Vault | None = None
    factors: Annotated[list[Factor], Meta(max_length=FACTORS_MAX)] | None = None
    code: CodeValues | None = None
    password: PasswordValues | None = None


class LinkStored(Body):
    """`token` comes when the link enrolled the device of this session."""

    head: ListHead
    token: str | None = None


class LinkConflict(Body):
    """409: somebody stored another link first; this is it."""

    code: str
    message: str
    link: Link


class NewPassword(Body):
    """PUT /api/password."""

    password: PasswordValues
    factor: Factor


class NewCode(Body):
    """PUT /api/code."""

    code: CodeValues
    factor: Factor


class DisplayName(Body):
    """PUT /api/profile."""

    display_name: Annotated[str, Meta(min_length=1, max_length=DISPLAY_NAME_MAX)]


class Privacy(Body):
    """GET and PUT /api/privacy: what contacts may see, which strangers see in no case; and who may
    ask to be one. requests: anybody, people with an invite of mine, nobody; absent: as it is."""

    receipts: bool
    typing: bool
    presence: Audience
    requests: Askers | None = None


class Session(Body):
    id: Id
    created: N  # ms
    seen: N  # ms
    agent: str  # browser and system, in words
    current: bool
    device: Id | None = None


class Sessions(Body):
    sessions: list[Session]


class Nonce(Body):
    nonce: B40


class LiveToken(Body):
    """POST /api/live-token; with a device proof it binds the session to that device."""

    token: str
    device: Id
    head: ListHead


class Note(Body):
    """A sealed note about one peer: private name, verified mark."""

    peer: Id
    g: Generation
    version: U32
    note: NoteBox


class Notes(Body):
    notes: list[Note]


class NoteConflict(Body):
    code: str
    message: str
    note: Note


class Done(Body):
    """An empty answer."""

"""How the driver is set up: which host is asked, how long it may take, what is tried again."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cassandra import AuthenticationFailed, ConsistencyLevel, ProtocolVersion
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import (
    AddressTranslator,
    ConstantReconnectionPolicy,
    ConstantSpeculativeExecutionPolicy,
    DCAwareRoundRobinPolicy,
    FallthroughRetryPolicy,
    RetryPolicy,
    TokenAwarePolicy,
)
from cassandra.query import tuple_factory

from chatsite.running.needs import Unfit
from messaging.backends.cassandra.alias import tls
from messaging.backends.cassandra.hosts import SpeakingFirst

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 3.0  # two hosts may be asked within it
# Above what the server takes before it gives up (2 s): else each slow compare-and-set has an
# unknown outcome.
COMPARE_SECONDS = 2.5
# Then the outcome stays unknown: with what comes before, an answer within 4 s (ADR 42).
SETTLED_SECONDS = 1.5
PREPARED_SECONDS = 2.0
NEXT_HOST_SECONDS = 1.0  # for what may be repeated: a host that is frozen refuses nothing
RECONNECT_SECONDS = 0.5  # the driver's own policy waits longer each time, up to ten minutes
HEARTBEAT_SECONDS = 3.0  # a host that is frozen counts as down after two or three of them

TLS = "[SSL"  # how its errors begin

Options = Mapping[str, Any]  # settings.CASSANDRA


class Profile(StrEnum):
    """How many replicas answer, and whether a statement is sent to another host as well.

    All but COMPARE must be repeatable: they are tried once more on the next host, when the first
    one fails or is slow.
    """

    QUORUM = "quorum"  # most replicas of this data center
    SETTLED = "settled"  # a read that first ends what a compare-and-set left open
    COMPARE = "compare"  # a compare-and-set: never repeated, since nobody knows what it did
    NEAR = "near"  # one replica, which may lag: for what shows whether it is whole

    @property
    def repeatable(self) -> bool:
        return self is not Profile.COMPARE


class OnceMore(RetryPolicy):
    """One try on the next host, whatever the first one said."""

    def _once(self, retry_num: int) -> tuple[int, None]:
        return (self.RETRY_NEXT_HOST if retry_num == 0 else self.RETHROW), None

    def on_read_timeout(self, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        return self._once(retry_num)

    def on_write_timeout(self, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        return self._once(retry_num)

    def on_unavailable(self, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        return self._once(retry_num)

    def on_request_error(self, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        return self._once(retry_num)


class Doors(AddressTranslator):
    """Nodes that are reached by another address than the one they tell each other."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses

    def translate(self, addr: str) -> str:
        return self._addresses.get(addr, addr)


def hosts(options: Options) -> SpeakingFirst:
    """Replicas in one order: all appends to a conversation meet at one coordinator."""
    near = DCAwareRoundRobinPolicy(local_dc=options["DC"])
    return SpeakingFirst(TokenAwarePolicy(near, shuffle_replicas=False))


def cluster(options: Options, order: SpeakingFirst | None = None) -> Cluster:
    """Not connected yet."""
    login = None
    if options["USERNAME"]:
        login = PlainTextAuthProvider(options["USERNAME"], options["PASSWORD"])
    return Cluster(
        options["HOSTS"],
        options["PORT"],
        auth_provider=login,
        ssl_context=tls(options),
        protocol_version=ProtocolVersion.V4,  # V5 adds checksums, at a tenth of each statement
        execution_profiles=_profiles(order or hosts(options)),
        reconnection_policy=ConstantReconnectionPolicy(RECONNECT_SECONDS, max_attempts=None),
        address_translator=Doors(options["ADDRESS_MAP"]),
        compression=False,  # of ciphertext
        prepare_on_all_hosts=False,  # it would wait for each; who lacks a statement asks for it
        connect_timeout=CONNECT_SECONDS,
        control_connection_timeout=CONNECT_SECONDS,
        idle_heartbeat_interval=HEARTBEAT_SECONDS,
        idle_heartbeat_timeout=HEARTBEAT_SECONDS,
    )


def require_center(cluster: Cluster, dc: str) -> None:
    """For one that could not connect: raises Unfit if that is because nobody is in `dc`."""
    centers = {host.datacenter for host in cluster.metadata.all_hosts()} - {None}
    if centers and dc not in centers:
        raise Unfit(
            f"Cassandra has no data center {dc}, only {', '.join(sorted(centers))}: "
            "set CASSANDRA_DC to the one that this process is in"
        )


def login_refused(error: BaseException | None) -> bool:
    """Whether a connection failed for its user or password."""
    return any(isinstance(one, AuthenticationFailed) for one in _each(error))


def tls_refused(error: BaseException | None) -> str:
    """What TLS had against a host, where that is why it was not reached; of it the driver keeps the
    words alone."""
    said = (str(one).partition(TLS) for one in _each(error))
    return next((mark + reason for _, mark, reason in said if mark), "")


def _each(error: BaseException | None) -> list[BaseException | None]:
    """Of a cluster that was not reached: what each of its hosts said."""
    errors = getattr(error, "errors", None)
    return list(errors.values()) if isinstance(errors, dict) else [error]


def _profiles(order: SpeakingFirst) -> dict[Any, ExecutionProfile]:
    levels = {
        Profile.QUORUM: (ConsistencyLevel.LOCAL_QUORUM, ANSWER_SECONDS),
        Profile.SETTLED: (ConsistencyLevel.LOCAL_SERIAL, SETTLED_SECONDS),
        Profile.COMPARE: (ConsistencyLevel.LOCAL_QUORUM, COMPARE_SECONDS),
        Profile.NEAR: (ConsistencyLevel.LOCAL_ONE, ANSWER_SECONDS),
    }
    profiles = {
        profile.value: ExecutionProfile(
            load_balancing_policy=order,
            retry_policy=OnceMore() if profile.repeatable else FallthroughRetryPolicy(),
            speculative_execution_policy=ConstantSpeculativeExecutionPolicy(NEXT_HOST_SECONDS, 1),
            consistency_level=level,
            serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
            request_timeout=seconds,
            row_factory=tuple_factory,
        )
        for profile, (level, seconds) in levels.items()
    }
    return {EXEC_PROFILE_DEFAULT: profiles[Profile.QUORUM.value], **profiles}

"""Which host is asked first: the one that has a copy and speaks.

A host that is frozen refuses nothing and keeps its connections, so the driver takes it for up until
its heartbeats go unanswered. A statement that finds it silent before says so here, and for that
long it is asked last: the silence is waited for once, and not by each statement in turn.
"""

import time
from collections.abc import Iterator
from typing import Any

from cassandra.cluster import ResponseFuture
from cassandra.policies import LoadBalancingPolicy, WrapperPolicy
from cassandra.pool import Host

SILENT_SECONDS = 10.0  # longer than it takes the heartbeats to find out


class SpeakingFirst(WrapperPolicy):
    """The hosts of another policy in its order, but those last that were silent lately."""

    def __init__(self, hosts: LoadBalancingPolicy) -> None:
        super().__init__(hosts)
        self._silent: dict[Host, float] = {}  # until when, by the monotonic clock

    def make_query_plan(self, working_keyspace: Any = None, query: Any = None) -> Iterator[Host]:
        plan = self._child_policy.make_query_plan(working_keyspace, query)
        if not self._silent:
            yield from plan
            return
        late = []
        for host in plan:
            if self._is_silent(host):
                late.append(host)
            else:
                yield host
        yield from late

    def learn(self, response: ResponseFuture) -> None:
        """From a request that is over: the host that was asked first may have said nothing, also
        where another one gave the answer. One that speaks is trusted again."""
        spoke = response.coordinator_host
        first = next(
            (host for host in response.attempted_hosts if host not in response._errors), spoke
        )
        if first is not spoke:
            self.found_silent(first)
        if self._silent and spoke is not None:
            self._silent.pop(spoke, None)

    def found_silent(self, host: Host) -> None:
        self._silent[host] = time.monotonic() + SILENT_SECONDS

    def on_remove(self, host: Host) -> None:
        self._silent.pop(host, None)
        super().on_remove(host)

    def _is_silent(self, host: Host) -> bool:
        until = self._silent.get(host)
        if until is None:
            return False
        if time.monotonic() < until:
            return True
        self._silent.pop(host, None)
        return False

"""Sign-in and actions, for the console, from the centre's services."""

from __future__ import annotations

from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.ports import ActionRefusedError, EvidenceAsk, UnavailableError
from control_plane.domain.errors import CentreError
from control_plane.domain.people import User, UserRole
from control_plane.domain.regions import approve_check
from control_plane.domain.words import RegionId, UserId
from control_plane.services.evidence import Evidence
from control_plane.services.evidence import EvidenceAsk as Ask
from control_plane.services.regions import Regions
from control_plane.services.rollout_ports import EngineUnreachableError, Orchestrator, OrderRefusedError, RolloutOrder
from control_plane.services.rollouts import Rollouts
from control_plane.services.users import Users, require


class CentreAccounts:
    """`Accounts` of the console's ports."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def redeem(self, token: str) -> Person | None:
        """Use up a one-time link."""
        try:
            return _person(await self._users.redeem(token))
        except CentreError:
            return None

    async def person(self, name: str) -> Person | None:
        """The user as of now."""
        try:
            return _person(await self._users.get(name))
        except CentreError:
            return None


class CentreActions:
    """`Actions` of the console's ports: the same use cases as REST, with refusals in words."""

    def __init__(
        self, users: Users, rollouts: Rollouts, evidence: Evidence, regions: Regions, orchestrator: Orchestrator
    ) -> None:
        self._users = users
        self._rollouts = rollouts
        self._evidence = evidence
        self._regions = regions
        self._orchestrator = orchestrator

    async def rollout(self, who: Person, rollout: str, verb: str, reason: str) -> None:
        """Give an order to a rollout."""
        try:
            await self._may(who, UserRole.OPERATIONS)
            await self._rollouts.order(RolloutOrder(rollout, verb, who.name, reason))
        except CentreError as error:
            raise ActionRefusedError(error.message, error.fix) from error
        except EngineUnreachableError as error:
            raise UnavailableError("The workflow engine", f"/rollouts/{rollout}") from error

    async def ask_evidence(self, who: Person, ask: EvidenceAsk) -> str:
        """Ask a region's officer."""
        try:
            await self._may(who, UserRole.AUDITOR, UserRole.OPERATIONS)
            made = await self._evidence.request(
                Ask(RegionId(ask.region), ask.recipient, ask.first or 0, ask.next or 0), who.name
            )
        except CentreError as error:
            raise ActionRefusedError(error.message, error.fix) from error
        return made.id.hex()

    async def approve_region(self, who: Person, region: RegionId) -> None:
        """Approve an enrolment."""
        try:
            await self._may(who, UserRole.OPERATIONS)
            known = (await self._regions.show(region)).region
            approve_check(known)
            await self._orchestrator.decide_enrolment(region, known.jurisdiction, who.name, approved=True)
        except CentreError as error:
            raise ActionRefusedError(error.message, error.fix) from error
        except OrderRefusedError as error:
            raise ActionRefusedError(f"{error}.", error.fix) from error
        except EngineUnreachableError as error:
            raise UnavailableError("The workflow engine", f"/regions/{region}") from error

    async def _may(self, who: Person, *roles: UserRole) -> None:
        require(await self._users.get(UserId(who.name)), *roles)


def _person(user: User) -> Person:
    return Person(user.id, user.name, frozenset(Role(role.value) for role in user.roles))

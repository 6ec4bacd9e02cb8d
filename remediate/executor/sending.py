"""One change on its way to AWS: a last look, the intent on disk, one call, and what its answer means."""

from collections.abc import Iterable, Mapping, Sequence

from tenacity import Retrying, retry_if_exception_type, wait_random_exponential

from remediate.errors import CallFailed, CredentialsEnded, NotYet, OutcomeUnknown
from remediate.executor.ledger import PATIENCE, Ledger
from remediate.model import Address, Change, Receipt, Value, brief, kind_of
from remediate.protocols import Live, Resources

SENDS = 5
"""How often a change is sent at most when nobody knows whether AWS carried it out, and the account says it did not."""

AGAIN = 1.0
"""Seconds until an account that shows what was replaced is asked once more."""


class Moved(Exception):
    """While AWS made a change wait, what it rests on changed; that is recorded, and nothing was sent."""


class Sender:
    """Sends changes of one plan, to the account it was made for and to no other."""

    def __init__(self, ledger: Ledger, live: Live, resources: Resources, account: str) -> None:
        self.ledger = ledger
        self.live = live
        self.resources = resources
        self.account = account

    def same_account(self) -> bool:
        """Whether the credentials still belong to the plan's account; stops the run if not."""
        try:
            account, arn = self._attempts(NotYet, OutcomeUnknown)(self.live.identity)
        except CallFailed as error:
            self.ledger.stop(str(error))
            return False
        if account != self.account:
            self.ledger.stop(f"the credentials now belong to account {account} ({arn}), the plan to {self.account}")
            return False
        return True

    def look(self, changes: Sequence[Change]) -> Mapping[Address, Value | Exception]:
        """What the account shows now. What this run has replaced is not believed: not all of AWS knows of it yet."""
        while True:
            values = self.read(change.address for change in changes)
            doubted = any(self.ledger.replaced(change, values[change.address]) for change in changes)
            if not doubted or self.ledger.stopping:
                return values
            self.ledger.clock.sleep(AGAIN)

    def read(self, addresses: Iterable[Address]) -> Mapping[Address, Value | Exception]:
        """What the account shows now; asked again, for as long as PATIENCE, where AWS could not say it for now."""
        clock, begun = self.ledger.clock, self.ledger.clock.now()
        values = dict(self.live.read(addresses))
        while unanswered := [a for a, value in values.items() if isinstance(value, NotYet | OutcomeUnknown)]:
            if self.ledger.stopping or (clock.now() - begun).total_seconds() >= PATIENCE:
                break
            clock.sleep(AGAIN)
            values.update(self.live.read(unanswered))
        return values

    def send(self, change: Change) -> bool:
        """Sends one change if nothing speaks against it. True if AWS may have carried it out."""
        try:
            if self.ledger.stopping or not self.same_account() or not self._still_good(change):
                return False
            self.ledger.record(change, "intent")
            return self._sent(change)
        except Exception:
            self.ledger.stop("an error of this program or this machine")  # before the next change is begun
            raise

    def _sent(self, change: Change) -> bool:
        self.ledger.sending(change)
        try:
            receipt = self._patiently(change)
        except Moved:
            return False
        except OutcomeUnknown as error:
            self.ledger.maybe_carried_out(change)
            self.ledger.result.details[change.id] = f"outcome unknown: {error}"
            self._keep_secret(change, getattr(error, "secret", ""), certain=False)
            return True
        except CallFailed as error:
            return self._refused(change, error)
        self.ledger.maybe_carried_out(change)
        self._keep_secret(change, receipt.secret, certain=True)
        self.ledger.record(change, "sent", request_ids=receipt.request_ids)
        return True

    def _keep_secret(self, change: Change, secret: str, *, certain: bool) -> None:
        """A call that was answered settles which one-time password counts; before that, each one sent may be it."""
        if not secret:
            return
        secrets = self.ledger.result.secrets
        for earlier in [kept for kept in secrets if certain and kept[0] == change.address]:
            secrets.remove(earlier)
        secrets.append((change.address, secret))

    def _still_good(self, change: Change) -> bool:
        """The last look before the call: the value where it may be a third one, and the evidence of a removal."""
        if not self.resources[kind_of(change.address)].two_valued():
            value = self.look([change])[change.address]
            if not self.ledger.may_go(change, value):
                return False
        if not change.evidence:
            return True
        try:
            evidence = self._attempts(NotYet, OutcomeUnknown)(self.live.evidence, change.address)
        except CallFailed as error:
            self._ended(error)
            self.ledger.record(change, "failed", f"the evidence could not be read again: {error}")
            return False
        if dict(evidence) == dict(change.evidence):
            return True
        was = f"planned on {brief(change.evidence)}, now {brief(evidence)}"
        self.ledger.record(change, "conflict", f"the evidence has changed: {was}")
        return False

    def _patiently(self, change: Change) -> Receipt:
        """The write, again only while AWS says that it did nothing and may do it later. Raises CallFailed, Moved."""
        for attempt in self._attempts(NotYet):
            with attempt:
                if attempt.retry_state.attempt_number > 1 and not self._still_good(change):
                    raise Moved
                return self._write(change)
        raise AssertionError("tenacity returns or raises")

    def _attempts(self, *passing: type[CallFailed]) -> Retrying:
        """Again after failures that pass, for as long as PATIENCE; then the failure itself is raised."""
        clock, begun = self.ledger.clock, self.ledger.clock.now()
        return Retrying(
            retry=retry_if_exception_type(passing),
            wait=wait_random_exponential(multiplier=0.3, max=10),
            stop=lambda _: self.ledger.stopping or (clock.now() - begun).total_seconds() >= PATIENCE,
            sleep=clock.sleep,
            reraise=True,
        )

    def _write(self, change: Change) -> Receipt:
        try:
            return self.live.write(change.address, change.before, change.after)
        except CallFailed as error:
            # What this plan created a moment ago may not be visible to the next call yet.
            fresh = change.after is not None or self.ledger.changed_a_moment_ago(change.address)
            if error.code == "NoSuchEntity" and fresh and change.needs:
                raise NotYet(error.operation, error.code, error.message, error.request_id) from error
            raise

    def _refused(self, change: Change, error: CallFailed) -> bool:
        """AWS said no. True if it is because an earlier send, whose answer was lost, has done it."""
        self._ended(error)
        if error.code in ("EntityAlreadyExists", "NoSuchEntity"):
            if self.ledger.maybe_ours(change):
                self.ledger.sends[change.id] = SENDS  # it is there, or on its way: no other send can do better
                return True
            if self.read([change.address])[change.address] == change.after:
                self.ledger.record(change, "already", str(error))
                return False
        self.ledger.record(change, "failed", str(error), (error.request_id or "none",))
        return False

    def _ended(self, error: CallFailed) -> None:
        if isinstance(error, CredentialsEnded):
            self.ledger.stop(str(error))

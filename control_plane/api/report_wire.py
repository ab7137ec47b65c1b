"""Reports between their exact bytes and the domain. A total decoder: only `ReportInvalidError` escapes."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from bailiwick.metrics.v1 import metrics_pb2
from control_plane.api.inbound import AnnotationError, InboundCheck
from control_plane.domain.reports import Cell, MachineLine, Report, ReportInvalidError, SubmitOutcome, Submitted
from control_plane.domain.words import RegionId

MOST_BYTES = 4 * 1024 * 1024
_STATUS = {
    SubmitOutcome.ACCEPTED: metrics_pb2.SUBMIT_STATUS_ACCEPTED,
    SubmitOutcome.KNOWN: metrics_pb2.SUBMIT_STATUS_KNOWN,
    SubmitOutcome.GAP: metrics_pb2.SUBMIT_STATUS_GAP,
    SubmitOutcome.CONFLICT: metrics_pb2.SUBMIT_STATUS_CONFLICT,
    SubmitOutcome.BAD_SIGNATURE: metrics_pb2.SUBMIT_STATUS_BAD_SIGNATURE,
    SubmitOutcome.INVALID: metrics_pb2.SUBMIT_STATUS_INVALID,
}
_OUTCOME = "OUTCOME_"
_REFUSED = "OUTCOME_REFUSED_"


class ReportDecoder:
    """Decodes reports, and refuses what does not keep to its privacy classes.

    1. At most 4 MiB, decodes wholly, and encodes to the same bytes.
    2. Every field keeps to its annotation (`InboundCheck`).
    3. What must be there is there; each cell has its words, and counts that add up.
    """

    def __init__(self, inbound: InboundCheck) -> None:
        self._inbound = inbound

    def __call__(self, body: bytes) -> Report:
        """The report in these bytes, or `ReportInvalidError`."""
        if len(body) > MOST_BYTES:
            raise _invalid()
        message = metrics_pb2.Report()
        try:
            message.ParseFromString(body)
            self._inbound.check(message)
        except (DecodeError, AnnotationError) as error:
            raise _invalid() from error
        if message.SerializeToString(deterministic=True) != body or not _complete(message):
            raise _invalid()
        return _report(message)


def submitted(answer: Submitted) -> metrics_pb2.SubmitResponse:
    """The answer on the wire."""
    return metrics_pb2.SubmitResponse(status=_STATUS[answer.outcome], next_sequence=answer.next_sequence)


def _invalid() -> ReportInvalidError:
    return ReportInvalidError("report", "That is no report that may be taken.")


def _complete(message: metrics_pb2.Report) -> bool:
    profile = message.profile
    if not message.region or not message.sequence or len(message.ledger_root) != 32:
        return False
    if profile == metrics_pb2.EXPORT_PROFILE_DIGEST_ONLY:
        return not message.cells
    return profile == metrics_pb2.EXPORT_PROFILE_FLOOR and message.k > 0 and all(map(_sound, message.cells))


def _sound(cell: metrics_pb2.Cell) -> bool:
    words = (cell.cost_centre, cell.team, cell.project, cell.product, cell.use_case, cell.model, cell.environment)
    if not all(words) or not cell.tier:
        return False
    settled = [count.outcome for count in cell.outcomes]
    refused = [count.outcome for count in cell.refusals]
    own = all(_kind(outcome, refusal=False) for outcome in settled) and all(_kind(o, refusal=True) for o in refused)
    once = len(set(settled)) == len(settled) and len(set(refused)) == len(refused)
    adds_up = sum(count.count for count in cell.outcomes) == cell.requests
    return own and once and adds_up and (bool(cell.currency) or not cell.cost_micro)


def _kind(outcome: metrics_pb2.Outcome.ValueType, *, refusal: bool) -> bool:
    name = metrics_pb2.Outcome.Name(outcome)
    return outcome != metrics_pb2.OUTCOME_UNSPECIFIED and name.startswith(_REFUSED) == refusal


def _report(message: metrics_pb2.Report) -> Report:
    return Report(
        region=RegionId(message.region),
        sequence=message.sequence,
        period_start=message.period_start,
        period_end=message.period_end,
        first_index=message.first_index,
        next_index=message.next_index,
        ledger_size=message.ledger_size,
        ledger_root=message.ledger_root,
        k=message.k,
        p_permille=message.p_permille,
        profile="floor" if message.profile == metrics_pb2.EXPORT_PROFILE_FLOOR else "digest-only",
        cells=tuple(map(_cell, message.cells)),
        machines=tuple(map(_machine, message.machines)),
    )


def _cell(cell: metrics_pb2.Cell) -> Cell:
    return Cell(
        cost_centre=cell.cost_centre,
        team=cell.team,
        project=cell.project,
        product=cell.product,
        use_case=cell.use_case,
        model=cell.model,
        environment=cell.environment,
        tier=cell.tier,
        service=cell.service,
        requests=cell.requests,
        outcomes=tuple((_word(count.outcome, _OUTCOME), count.count) for count in cell.outcomes),
        refusals=tuple((_word(count.outcome, _REFUSED), count.count) for count in cell.refusals),
        prompt_tokens=cell.prompt_tokens,
        cached_tokens=cell.cached_tokens,
        output_tokens=cell.output_tokens,
        reasoning_tokens=cell.reasoning_tokens,
        cost_micro=cell.cost_micro,
        currency=cell.currency,
        first_token_ms=tuple(cell.first_token_ms),
        total_ms=tuple(cell.total_ms),
    )


def _machine(line: metrics_pb2.MachineLine) -> MachineLine:
    storage = line.measure == metrics_pb2.MACHINE_MEASURE_STORAGE_MIB
    return MachineLine("storage-mib" if storage else "engine-seconds", line.model, line.amount)


def _word(outcome: metrics_pb2.Outcome.ValueType, prefix: str) -> str:
    return metrics_pb2.Outcome.Name(outcome).removeprefix(prefix).lower()

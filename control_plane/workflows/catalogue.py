"""All workflows, for the worker and for replay."""

from __future__ import annotations

from control_plane.workflows.evidence_request import EvidenceRequest
from control_plane.workflows.global_rollout import GlobalRollout
from control_plane.workflows.region_onboarding import RegionOnboarding
from control_plane.workflows.region_rollout import RegionRollout
from control_plane.workflows.wave_rollout import WaveRollout

WORKFLOWS = (GlobalRollout, WaveRollout, RegionRollout, RegionOnboarding, EvidenceRequest)
TASK_QUEUE = "bailiwick"

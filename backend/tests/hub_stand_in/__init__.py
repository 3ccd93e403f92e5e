"""A hub of models on this machine that speaks Hugging Face's protocol, and fails as it is told to."""

from tests.hub_stand_in.faults import Fault, Kind
from tests.hub_stand_in.repositories import Repository, demo_repository, small_repository
from tests.hub_stand_in.serving import HubStandIn

__all__ = ["Fault", "HubStandIn", "Kind", "Repository", "demo_repository", "small_repository"]

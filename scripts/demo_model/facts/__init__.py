"""What the demo model knows about MLX Manager: one answer a fact, and the many ways to ask for it."""

from demo_model.facts.clients import CLIENTS
from demo_model.facts.fact import PARAMETERS, Fact
from demo_model.facts.models import MODELS
from demo_model.facts.places import PLACES
from demo_model.facts.product import IDENTITY
from demo_model.facts.running import RUNNING

__all__ = ["FACTS", "PARAMETERS", "UNKNOWN", "Fact"]

FACTS = IDENTITY + RUNNING + MODELS + CLIENTS + PLACES

UNKNOWN = "I am only the tiny demo model of MLX Manager and do not know that. A bigger model can help you."

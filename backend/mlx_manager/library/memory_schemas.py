"""What is said about memory on the wire. Bytes are integers; null is what is not known."""

from pydantic import BaseModel, Field

from mlx_manager.library.machine import MachineMemory
from mlx_manager.library.memory_fit import GivesWay, MemoryFit, Verdict


class MachineView(BaseModel):
    """What the machine has for models; the budget is the least of the setting and the three limits."""

    budget_bytes: int = Field(description="what all models together may have")
    setting_bytes: int = Field(description="MLX_SERVER_MAX_MEMORY_GB in bytes")
    machine_bytes: int = Field(description="all memory there is")
    cgroup_bytes: int | None = Field(description="the control group's limit, where there is one")
    device_bytes: int | None = Field(description="most that the device should hold")
    available_bytes: int = Field(description="what any program could take at this moment")
    held_bytes: int = Field(description="what the server has promised to models; 0 where it does not run")
    widens_half: bool = Field(
        description="whether half-precision weights are held as fp32 here, as on a CPU: twice the bytes"
    )

    @classmethod
    def of(cls, machine: MachineMemory) -> "MachineView":
        """A machine's."""
        return cls(
            budget_bytes=machine.budget,
            setting_bytes=machine.setting,
            machine_bytes=machine.machine,
            cgroup_bytes=machine.cgroup,
            device_bytes=machine.device,
            available_bytes=machine.available,
            held_bytes=machine.held,
            widens_half=machine.widens_half,
        )


class MemoryView(BaseModel):
    """Whether a model fits, with the sum: weights + process + KV cache + kept prompts = needed."""

    verdict: Verdict = Field(
        description="`fits`: all of it beside what is held now; `tight`: it can be loaded, and something "
        "gives way; `does_not_fit`: its weights and one short request are more than the budget"
    )
    gives_way: list[GivesWay] = Field(
        description="why it is tight: fewer prompts are kept, requests of this length do not run together, "
        "other models have to go, or other programs hold memory that the budget counts on"
    )
    weights_bytes: int = Field(description="as a worker holds them")
    process_bytes: int = Field(description="what the worker takes beside the weights")
    kv_cache_bytes: int = Field(description="caches of `concurrency` requests of `context_tokens` tokens")
    kept_prompts_bytes: int = Field(description="computed prompts that are kept for later requests")
    needed_bytes: int = Field(description="the sum of the four")
    least_bytes: int = Field(description="with one short request and nothing kept; less is not enough")
    other_models_bytes: int = Field(description="promised to other models now")
    budget_bytes: int = Field(description="what all models together may have")
    context_tokens: int = Field(description="as asked for, within the model's context")
    concurrency: int
    kv_bytes_per_token: int = Field(
        description="of one request; 0 where the config does not say, or where it does not grow"
    )
    max_context_tokens: int | None = Field(
        description="the longest that so many requests may be when the model is alone and keeps no prompts"
    )
    explanation: str = Field(description="the sum in a sentence")

    @classmethod
    def of(cls, fit: MemoryFit) -> "MemoryView":
        """A fit's."""
        return cls(
            verdict=fit.verdict,
            gives_way=list(fit.gives_way),
            weights_bytes=fit.weights,
            process_bytes=fit.process,
            kv_cache_bytes=fit.kv,
            kept_prompts_bytes=fit.prefixes,
            needed_bytes=fit.needed,
            least_bytes=fit.least,
            other_models_bytes=fit.others,
            budget_bytes=fit.machine.budget,
            context_tokens=fit.context_tokens,
            concurrency=fit.num_requests,
            kv_bytes_per_token=fit.kv_per_token,
            max_context_tokens=fit.max_context_tokens,
            explanation=fit.explanation,
        )

"""`python -m tests.hub_stand_in --port 0`: a hub with some small models, until it is ended."""

import argparse
import signal

from tests.hub_stand_in.repositories import Repository, demo_repository, small_repository
from tests.hub_stand_in.serving import HubStandIn

_PICKLED = {"pytorch_model.bin": b"\x80\x04not really a model"}
_CODE = {"modeling_own.py": b"print('hello')\n"}


def shown_repositories(large_bytes: int = 64 * 2**20) -> list[Repository]:
    """One of each kind that pages have something to say about."""
    return [
        demo_repository(),
        small_repository("mlx-community/Qwen3-0.6B-4bit", downloads=5000, likes=80),
        small_repository("mlx-community/Qwen3-0.6B-8bit", bits=8, downloads=3000, num_bytes=8192),
        small_repository("mlx-community/gemma-3-1b-it-bf16", family="gemma3_text", bits=None, downloads=700),
        small_repository("mlx-community/Large-4bit", family="llama", downloads=60, num_bytes=large_bytes),
        small_repository("mlx-community/Gated-4bit", gated="manual", granted_to={"hf_good"}, downloads=400),
        small_repository("someone/Own-Code-4bit", more=_CODE, downloads=30),
        small_repository("someone/Pickled", bits=None, more=_PICKLED, without=("model.safetensors",)),
        small_repository("someone/No-MLX", library_name="transformers", tags=("safetensors", "qwen3")),
        small_repository("mlx-community/whisper-tiny", pipeline_tag="automatic-speech-recognition"),
    ]


def main() -> None:
    """Serve; the first line that is printed is the endpoint. The token `hf_good` may read the gated one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with HubStandIn(shown_repositories(), port=parser.parse_args().port) as hub:
        print(hub.url, flush=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        signal.pause()


if __name__ == "__main__":
    main()

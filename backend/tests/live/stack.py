"""`python -m tests.live.stack`: a manager with its server, and a hub, for tests in a browser.

Prints one line of JSON with their addresses, and runs until its standard input ends. Everything it keeps is
in a temporary folder. The server has the demo, a second copy of it, and one that never ends by itself.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.hub_stand_in.__main__ import shown_repositories
from tests.hub_stand_in.serving import HubStandIn
from tests.live.server import DEMO, make_endless_model
from tests.live.supervised import Supervised


def main() -> None:
    """Start all of it, say where it is, and wait."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="for both programs")
    extra = dict(each.split("=", 1) for each in parser.parse_args().env)
    with tempfile.TemporaryDirectory(prefix="mlx-stack-") as name, HubStandIn(shown_repositories()) as hub:
        folder = Path(name)
        models = folder / "models"
        models.mkdir()
        make_endless_model(models)
        shutil.copytree(DEMO, models / "second", copy_function=shutil.copyfile)
        env = {
            "MLX_SERVER_MODEL_DIRS": json.dumps([str(models)]),
            "MLX_MANAGER_HUB_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "hf"),
            "HF_TOKEN": "",
            "MLX_MANAGER_DISK_FLOOR_GB": "0",
        }
        with Supervised(folder, env | extra) as manager:
            server = manager.wait_ready()
            places = {
                "manager": manager.base_url,
                "server": server["url"],
                "hub": hub.url,
                "home": str(manager.home),
                "manager_pid": manager.process.pid,
            }
            print(json.dumps(places), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()

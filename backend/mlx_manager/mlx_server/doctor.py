"""Another way to call the doctor, which looks at more than the server: see `mlx_manager.doctor`."""

import os
import sys

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", "mlx_manager.doctor", *sys.argv[1:]])

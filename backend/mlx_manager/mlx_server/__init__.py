"""MLX Unified Inference Server"""

__version__ = "0.1.0"

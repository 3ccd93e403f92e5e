"""Drawing the next token of every row of a batch, each by its own parameters and its own seed.

The order: logit_bias, penalties, temperature, top_k, top_p (of what top_k left), min_p. Tokens
tied with the last one kept are kept, too, however many; but top_k counts ranks, so top_p is judged
on the mass of exactly top_k tokens. Equal means equal in float32 after the temperature.
"""

from mlx_manager.mlx_server.engine.sampling.keys import mix64
from mlx_manager.mlx_server.engine.sampling.make import make_sampler
from mlx_manager.mlx_server.engine.sampling.row import SamplingRow
from mlx_manager.mlx_server.engine.sampling.sampler import Draw, LogitsError, Sampler

__all__ = ["Draw", "LogitsError", "Sampler", "SamplingRow", "make_sampler", "mix64"]

# mypy: disable-error-code="import-not-found, untyped-decorator"
# PyTorch is no dependency of the project, so its types are not there when the project is checked.
"""Initial weights with which a model can copy from the start.

Copying takes induction heads: one layer brings each token what stood before it, the next looks for the
place that follows the same token as now. A small model finds that by chance only after millions of tokens, so
it is put into the first layers here; training is free to change all of it. Spaces are tokens of their own,
hence the heads for the token one back and the one two back.
"""

import torch
from torch import Tensor

from demo_model.model import Config, Llama

EMBEDDING_STD = 0.05
# A component that all embeddings share: from it a head can make a query that only depends on the position.
CONSTANT = 0.25
OFFSETS = (1, 2, 3, 4)
POSITION_GAIN, MATCH_GAIN = 1.6, 2.5
WRITE_GAIN, COPY_GAIN = 0.12, 0.1
# Which basis vectors stand for a token, and which for the one `OFFSETS[head]` back.
TOKEN = slice(0, 16)
BACK = (64, 96, 128, 64)


def orthonormal_basis(width: int) -> Tensor:
    """Rows of shape (width - 1, width), all without a share in the constant component."""
    basis = torch.zeros(width - 1, width)
    basis[:, 1:] = torch.linalg.qr(torch.randn(width - 1, width - 1))[0]
    return basis


def turned(vector: Tensor, offset: int, theta: float) -> Tensor:
    """`vector` under RoPE's rotation by `offset` positions."""
    half = len(vector) // 2
    angles = offset * theta ** (-torch.arange(half) / half)
    first, second = vector.chunk(2)
    return torch.cat(
        [first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()]
    )


def rows(config: Config, head: int) -> slice:
    return slice(head * config.head_dim, (head + 1) * config.head_dim)


def look_back(model: Llama, config: Config, basis: Tensor) -> None:
    """The first layer: head i attends to the token OFFSETS[i] back and writes down which it is."""
    attention = model.model.layers[0].self_attn
    share = config.num_attention_heads // config.num_key_value_heads
    attention.k_proj.weight *= 0.1
    attention.q_proj.weight *= 0.1
    key = torch.zeros(config.head_dim)
    # Only the fast-turning pairs tell one position from the next.
    key[: config.head_dim // 4] = POSITION_GAIN
    for head, offset in enumerate(OFFSETS):
        group = rows(config, head // share)
        attention.k_proj.weight[group, 0] = key
        attention.q_proj.weight[rows(config, head), 0] = turned(key, -offset, config.rope_theta)
        attention.v_proj.weight[group] = basis[group]
        written = basis[BACK[head] : BACK[head] + config.head_dim]
        attention.o_proj.weight[:, rows(config, head)] = WRITE_GAIN * written.T


def copy_attended(model: Llama, config: Config, layer: int) -> None:
    """Every head of the layer adds the token that it attends to."""
    attention = model.model.layers[layer].self_attn
    share = config.num_attention_heads // config.num_key_value_heads
    for group in range(config.num_key_value_heads):
        value = torch.linalg.qr(torch.randn(config.hidden_size, config.head_dim))[0].T
        value[:, 0] = 0
        attention.v_proj.weight[rows(config, group)] = value
        for head in range(group * share, (group + 1) * share):
            attention.o_proj.weight[:, rows(config, head)] = COPY_GAIN * value.T


def match(model: Llama, config: Config, layer: int, basis: Tensor) -> None:
    """The heads of the first two groups look for the place behind the token that is here now."""
    attention = model.model.layers[layer].self_attn
    share = config.num_attention_heads // config.num_key_value_heads
    quarter = config.head_dim // 4
    # Slow-turning pairs, so that the match counts wherever it is.
    slow = torch.tensor([*range(quarter, 2 * quarter), *range(3 * quarter, 4 * quarter)])
    for group in range(2):
        key, query = 0.02 * torch.randn(2, config.head_dim, config.hidden_size)
        key[slow] += MATCH_GAIN * basis[BACK[group] : BACK[group] + len(slow)]
        query[slow] += MATCH_GAIN * basis[TOKEN]
        attention.k_proj.weight[rows(config, group)] = key
        for head in range(group * share, (group + 1) * share):
            attention.q_proj.weight[rows(config, head)] = query


@torch.no_grad()
def initialise(model: Llama, config: Config) -> None:
    """Small embeddings, silent output projections, and the heads above in the first four layers."""
    embedding = model.model.embed_tokens.weight
    embedding.normal_(0, EMBEDDING_STD)
    embedding[:, 0] = CONSTANT
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    basis = orthonormal_basis(config.hidden_size)
    look_back(model, config, basis)
    for index in (1, 2, 3):
        copy_attended(model, config, index)
        match(model, config, index, basis)

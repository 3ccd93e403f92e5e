"""Every family of mlx-lm that runs here, as a tiny model, and what mlx-lm has that does not run here.

A name is mlx-lm's `model_type`, but for variants of one (`llama-4bit`, `llama-sliding`).
"""

from tiny_models import ALL_CONFIGS, QUANTISED

FAMILIES: tuple[str, ...] = (*ALL_CONFIGS, *QUANTISED)

NOT_RUN = {
    "bitnet": "its kernel needs Metal",
    "muse_spark": "its kernels need Metal",
    "olmo": "it needs the package ai2-olmo",
    "prism_hadamard_qwen35": "it needs 2-bit weights with a manifest",
}

# Families that the probe must refuse: the tests hold it to this list; the product has none.
ONE_ROW = {
    "afm7": "the layers that share keys take the padded length for a row's position",
    "deepseek_v41": "its caches cannot be merged",
    "gemma2": "its attention takes a mask of (B, 1, 1, L) for one of (1, B, 1, 1, L)",
    "gpt_bigcode": "it takes the rows' positions for one number",
    "llama4": "its caches cannot be merged",
    "minimax_m3_vl": "its sparse attention cuts its blocks at padded positions",
    "phi3small": "its sparse attention takes a mask of (B, 1, 1, L) for one of (1, B, 1, 1, L)",
}

# In mlx-lm, too, these answer differently when a prompt is read in other chunks: the mask of one is wider
# than its cache, that of the other is added as a number. Batched and serial are compared in equal chunks.
CHUNKS_MATTER = {
    "phi3small": "mlx-lm's own answer depends on the chunks that a prompt is read in",
    "plamo3": "past its window mlx-lm's own answer depends on the chunks that a prompt is read in",
}

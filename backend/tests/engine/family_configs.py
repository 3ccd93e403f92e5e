"""Configurations of tiny models whose layers all attend: whole context, sliding window, experts, latent KV.

One call a family; `config` adds what differs to what most of them share. The sliding windows are 24
tokens and the sparse attentions keep 16, so that a prompt of 300 tokens is past them.
"""

from typing import Any

VOCAB = 97
WINDOW = 24

PLAIN: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "head_dim": 8,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 2048,
    "rope_theta": 10000.0,
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
}
SLIDING = {"sliding_window": WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
EXPERTS = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "norm_topk_prob": True,
    "first_k_dense_replace": 1,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
}
LOCAL_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
ROUTED_EXPERTS = {
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "norm_topk_prob": True,
    "first_k_dense_replace": 1,
    "moe_layer_freq": 1,
    "n_group": 1,
    "topk_group": 1,
    "routed_scaling_factor": 1.0,
}
LATENT = {
    "num_key_value_heads": 6,
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
}
INDEXED = {"index_head_dim": 16, "index_n_heads": 2, "index_topk": 16}
YARN = {
    "type": "yarn",
    "rope_type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": 512,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
}
LONGROPE = {
    "type": "longrope",
    "long_factor": [1.5] * 4,
    "short_factor": [1.0] * 4,
    "long_mscale": 1.0,
    "short_mscale": 1.0,
    "original_max_position_embeddings": 512,
}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 512,
}
DYNAMIC_ROPE = {"type": "dynamic", "alpha": 1000.0, "factor": 1.0}
MINISTRAL_ROPE = {
    "rope_theta": 10000.0,
    "llama_4_scaling_beta": 0.1,
    "original_max_position_embeddings": 512,
}
ROPE_BY_KIND = {kind: {"rope_theta": 10000.0} for kind in ("full_attention", "sliding_attention")}
GEMMA4 = {
    "num_hidden_layers": 4,
    "num_kv_shared_layers": 1,
    "vocab_size_per_layer_input": VOCAB,
    "hidden_size_per_layer_input": 8,
    "global_head_dim": 16,
    "sliding_window": WINDOW,
    "sliding_window_pattern": 2,
}
GRANITE = {
    "logits_scaling": 1.0,
    "attention_multiplier": 0.35,
    "embedding_multiplier": 2.0,
    "residual_multiplier": 0.5,
}


def config(model_type: str, *parts: dict[str, Any], **own: Any) -> dict[str, Any]:
    """A config.json; later parts win over earlier ones, and None takes a key away."""
    joined: dict[str, Any] = {"model_type": model_type} | PLAIN
    for part in (*parts, own):
        joined |= part
    return {key: value for key, value in joined.items() if value is not None}


def text_config(model_type: str, text: dict[str, Any]) -> dict[str, Any]:
    """The config.json of a model with a picture's part beside its text's."""
    return {"model_type": model_type, "vocab_size": VOCAB, "text_config": text}


FULL = {
    "qwen2": config("qwen2"),
    "mistral": config("mistral"),
    "gemma": config("gemma"),
    "gemma2": config("gemma2", query_pre_attn_scalar=8.0),
    "phi": config("phi", layer_norm_eps=1e-5, partial_rotary_factor=0.5),
    "phi3": config("phi3", rope_scaling=LONGROPE),
    # It forbids certain tokens by number, whatever the size of its vocabulary.
    "phi3small": config(
        "phi3small",
        vocab_size=100352,
        dense_attention_every_n_layers=1,
        ff_intermediate_size=64,
        gegelu_limit=20.0,
        layer_norm_epsilon=1e-5,
        mup_width_multiplier=1.0,
    ),
    "phixtral": config("phixtral", num_vocab=VOCAB, model_dim=48, num_heads=6, num_layers=2, rotary_dim=8),
    "cohere": config("cohere", layer_norm_eps=1e-5, logit_scale=1.0),
    "stablelm": config("stablelm", use_qkv_bias=False, partial_rotary_factor=0.5, layer_norm_eps=1e-5),
    "starcoder2": config("starcoder2"),
    "smollm3": config("smollm3", no_rope_layers=[1, 0]),
    "granite": config("granite", GRANITE),
    "olmo2": config("olmo2"),
    "glm": config("glm"),
    "glm4": config("glm4", partial_rotary_factor=0.5),
    "exaone": config("exaone", num_layers=2, layer_norm_epsilon=1e-5),
    "ernie4_5": config("ernie4_5", use_bias=False),
    "nemotron": config("nemotron", hidden_act="relu2", norm_eps=1e-5),
    "nemotron-nas": config(
        "nemotron-nas",
        block_configs=[
            {
                "attention": {"n_heads_in_group": 2, "no_op": False, "replace_with_linear": False},
                "ffn": {"ffn_mult": 1.5, "no_op": False, "replace_with_linear": False},
            },
            {"attention": {"no_op": True}, "ffn": {"ffn_mult": 1.5}},
        ],
    ),
    "apertus": config("apertus", post_norm=False, qk_norm=True, rope_scaling=LLAMA3_ROPE),
    "minicpm": config("minicpm", dim_model_base=48, scale_depth=1.4, scale_emb=1.0),
    "hunyuan_v1_dense": config("hunyuan_v1_dense", rope_scaling=DYNAMIC_ROPE),
    "internlm2": config("internlm2", bias=False),
    "internlm3": config("internlm3", bias=False, qkv_bias=False),
    "seed_oss": config("seed_oss"),
    "helium": config("helium"),
    "mimo": config("mimo"),
    "nanbeige": config("nanbeige"),
    "nanbeige-looped": config("nanbeige", num_loops=2),
    "nanochat": config("nanochat"),
    "talkie": config("talkie"),
    "telechat3": config("telechat3"),
    "plamo": config("plamo", n_shared_head=2),
    "qwen": config("qwen", kv_channels=8, intermediate_size=128, num_key_value_heads=6),
    "openelm": config(
        "openelm",
        num_transformer_layers=2,
        model_dim=48,
        ffn_dim_divisor=8,
        num_query_heads=[6, 6],
        num_kv_heads=[3, 3],
        ffn_multipliers=[1.0, 1.0],
        share_input_output_layers=False,
    ),
    "gpt2": config(
        "gpt2",
        n_ctx=512,
        n_embd=48,
        n_head=6,
        n_layer=2,
        n_positions=512,
        layer_norm_epsilon=1e-5,
        num_key_value_heads=None,
    ),
    "gpt_bigcode": config(
        "gpt_bigcode",
        n_embd=48,
        n_layer=2,
        n_inner=64,
        n_head=6,
        n_positions=512,
        layer_norm_epsilon=1e-5,
        num_key_value_heads=None,
    ),
    "gpt_neox": config(
        "gpt_neox", layer_norm_eps=1e-5, rotary_emb_base=10000, rotary_pct=0.5, num_key_value_heads=None
    ),
    "gptj": config(
        "gptj", n_embd=48, layer_norm_epsilon=1e-5, n_positions=512, n_head=6, rotary_dim=8, n_layer=2
    ),
    # Its head norm divides by (head size // 256), so smaller ones do not run.
    "lille-130m": config(
        "lille-130m", block_size=512, layer_norm_eps=1e-5, n_embd=256, n_head=8, n_kv_heads=2, n_layer=2
    ),
    "afm7": config("afm7", hidden_dim=48, num_layers=3, num_kv_reuse_layers=1, num_heads=6, num_kv_heads=3),
    "llama4_text": config("llama4_text", intermediate_size_mlp=64, no_rope_layers=[1, 0], use_qk_norm=True),
    "mistral3": text_config("mistral3", config("ministral3", rope_parameters=MINISTRAL_ROPE)),
    "pixtral": text_config("pixtral", config("llama")),
    "qwen2_vl": text_config("qwen2_vl", config("qwen2")),
    "qwen3_vl": text_config("qwen3_vl", config("qwen3_vl_text")),
}

SLIDING_WINDOW = {
    "llama-sliding": config("llama", SLIDING),
    "ministral3": config("ministral3", SLIDING, rope_parameters=MINISTRAL_ROPE),
    "gemma3": text_config(
        "gemma3",
        config(
            "gemma3_text",
            num_hidden_layers=3,
            sliding_window=WINDOW,
            sliding_window_pattern=3,
            query_pre_attn_scalar=8,
        ),
    ),
    "gemma3n": text_config(
        "gemma3n",
        config(
            "gemma3n",
            num_hidden_layers=5,
            intermediate_size=[64] * 5,
            sliding_window=WINDOW,
            layer_types=["sliding_attention", "full_attention"] * 2 + ["sliding_attention"],
            activation_sparsity_pattern=[0.0] * 5,
            vocab_size_per_layer_input=VOCAB,
            hidden_size_per_layer_input=8,
            num_kv_shared_layers=0,
            altup_active_idx=0,
            altup_coef_clip=120.0,
            altup_correct_scale=True,
            altup_num_inputs=2,
            laurel_rank=8,
            rope_local_base_freq=10000.0,
            query_pre_attn_scalar=8,
            final_logit_softcapping=30.0,
        ),
    ),
    "gemma4_text": config("gemma4_text", GEMMA4),
    "gemma4": text_config(
        "gemma4",
        config(
            "gemma4_text",
            GEMMA4,
            enable_moe_block=True,
            num_experts=4,
            top_k_experts=2,
            moe_intermediate_size=32,
        ),
    ),
    "cohere2": config(
        "cohere2", layer_norm_eps=1e-5, sliding_window=WINDOW, sliding_window_pattern=2, logit_scale=1.0
    ),
    "olmo3": config("olmo3", SLIDING),
    "exaone4": config(
        "exaone4", sliding_window=WINDOW, sliding_window_pattern="LG", rope_scaling=LLAMA3_ROPE
    ),
    "iquestloopcoder": config("iquestloopcoder", loop_window_size=WINDOW),
    "muse_glimmer": config("muse_glimmer", SLIDING, output_multiplier=1.0),
    "plamo3": config("plamo3", window_size=WINDOW, sliding_window_pattern=2),
    "spark2_5": config("spark2_5", SLIDING, rope_parameters=ROPE_BY_KIND),
    "gpt_oss": config("gpt_oss", SLIDING, LOCAL_EXPERTS, rope_scaling=YARN),
    "afmoe": config("afmoe", SLIDING, EXPERTS, num_shared_experts=1, num_dense_layers=1),
    "exaone_moe": config("exaone_moe", SLIDING, EXPERTS, num_shared_experts=1, is_moe_layer=[False, True]),
    "laguna": config(
        "laguna",
        SLIDING,
        EXPERTS,
        num_attention_heads_per_layer=[6, 6],
        mlp_layer_types=["dense", "sparse"],
        shared_expert_intermediate_size=32,
    ),
    "mellum": config("mellum", SLIDING, EXPERTS, rope_parameters=ROPE_BY_KIND),
    "mimo_v2_flash": config(
        "mimo_v2_flash",
        ROUTED_EXPERTS,
        hybrid_layer_pattern=[1, 0],
        moe_layer_freq=[0, 1],
        add_swa_attention_sink_bias=True,
        add_full_attention_sink_bias=False,
        sliding_window_size=WINDOW,
        topk_method="noaux_tc",
        scoring_func="sigmoid",
        layernorm_epsilon=1e-5,
        swa_rope_theta=10000.0,
        swa_num_attention_heads=6,
        swa_num_key_value_heads=3,
        v_head_dim=8,
        swa_head_dim=8,
        swa_v_head_dim=8,
        partial_rotary_factor=0.5,
    ),
    "step3p5": config(
        "step3p5",
        SLIDING,
        num_attention_groups=3,
        moe_num_experts=4,
        moe_top_k=2,
        moe_intermediate_size=32,
        share_expert_dim=32,
        moe_layers_enum="1",
    ),
}

MIXTURE = {
    "mixtral": config("mixtral", LOCAL_EXPERTS),
    "qwen2_moe": config("qwen2_moe", EXPERTS, shared_expert_intermediate_size=32),
    "qwen3_moe": config("qwen3_moe", EXPERTS),
    "qwen3_vl_moe": text_config("qwen3_vl_moe", config("qwen3_moe", EXPERTS)),
    "olmoe": config("olmoe", EXPERTS),
    "phimoe": config("phimoe", LOCAL_EXPERTS, rope_scaling=LONGROPE),
    "granitemoe": config("granitemoe", GRANITE, LOCAL_EXPERTS),
    "deepseek": config("deepseek", ROUTED_EXPERTS),
    "dots1": config("dots1", ROUTED_EXPERTS),
    "glm4_moe": config("glm4_moe", ROUTED_EXPERTS, use_qk_norm=True, partial_rotary_factor=0.5)
    | {"rope_scaling": None},
    "ernie4_5_moe": config(
        "ernie4_5_moe",
        use_bias=False,
        moe_num_experts=4,
        moe_intermediate_size=32,
        moe_k=2,
        moe_layer_start_index=1,
        moe_num_shared_experts=1,
    ),
    "bailing_moe": config("bailing_moe", EXPERTS, num_shared_experts=1, topk_group=1),
    "hunyuan": config(
        "hunyuan",
        rope_scaling=DYNAMIC_ROPE,
        moe_topk=2,
        num_experts=4,
        num_shared_expert=1,
        use_mixed_mlp_moe=True,
        use_qk_norm=True,
        use_cla=True,
        cla_share_factor=2,
    ),
    "dbrx": config(
        "dbrx",
        d_model=48,
        n_layers=2,
        n_heads=6,
        ffn_config={"ffn_hidden_size": 64, "moe_num_experts": 4, "moe_top_k": 2},
        attn_config={"kv_n_heads": 3, "clip_qkv": 8.0, "rope_theta": 10000.0},
    ),
    "Klear": config("Klear", EXPERTS, n_shared_experts=1),
    "minimax": config("minimax", LOCAL_EXPERTS, shared_intermediate_size=32, rotary_dim=4),
    "minimax_m3_vl": text_config(
        "minimax_m3_vl",
        config(
            "minimax_m3",
            LOCAL_EXPERTS,
            intermediate_size=32,
            dense_intermediate_size=64,
            shared_intermediate_size=32,
            moe_layer_freq=[0, 1],
            sparse_attention_freq=[0, 1],
            index_n_heads=2,
            index_head_dim=8,
            index_block_size=16,
            index_topk_blocks=2,
            partial_rotary_factor=0.5,
        ),
    ),
    "solar_open": config("solar_open", ROUTED_EXPERTS, partial_rotary_factor=1.0),
    "llama4": text_config(
        "llama4",
        config(
            "llama4_text",
            LOCAL_EXPERTS,
            num_hidden_layers=4,
            num_experts_per_tok=1,
            attention_chunk_size=WINDOW,
            interleave_moe_layer_step=2,
            intermediate_size_mlp=64,
            use_qk_norm=True,
        )
        | {"rope_scaling": None},
    ),
}

MULTI_LATENT = {
    "deepseek_v2": config("deepseek_v2", ROUTED_EXPERTS, LATENT, topk_method="greedy", rope_scaling=YARN),
    "deepseek_v3": config("deepseek_v3", ROUTED_EXPERTS, LATENT),
    "deepseek_v32": config("deepseek_v32", ROUTED_EXPERTS, LATENT, INDEXED),
    "deepseek_v41": config(
        "deepseek_v41",
        ROUTED_EXPERTS,
        LATENT,
        INDEXED,
        num_hidden_layers=3,
        head_dim=16,
        o_groups=2,
        o_lora_rank=16,
        sliding_window=WINDOW,
        compress_ratios=[0, 4, 4],
        kv_source_layer_ids=[0, 1, 1],
        index_source_layer_ids=[-1, 1, 1],
        hc_mult=2,
    ),
    "glm_moe_dsa": config(
        "glm_moe_dsa",
        ROUTED_EXPERTS,
        LATENT,
        INDEXED,
        topk_method="noaux_tc",
        scoring_func="sigmoid",
        rope_parameters={"rope_theta": 10000.0},
    ),
    "glm4_moe_lite": config("glm4_moe_lite", ROUTED_EXPERTS, LATENT),
    "kimi_k25": text_config("kimi_k25", config("deepseek_v3", ROUTED_EXPERTS, LATENT)),
    "kimi_vl": text_config("kimi_vl", config("deepseek_v3", ROUTED_EXPERTS, LATENT)),
    "longcat_flash": config(
        "longcat_flash",
        LATENT,
        attention_method="MLA",
        zero_expert_type="identity",
        ffn_hidden_size=64,
        moe_topk=2,
        expert_ffn_hidden_size=32,
        n_routed_experts=4,
        zero_expert_num=2,
        num_layers=2,
        routed_scaling_factor=1.0,
        mla_scale_q_lora=True,
        mla_scale_kv_lora=True,
    ),
    "minicpm3": config(
        "minicpm3", LATENT, dim_model_base=48, scale_depth=1.4, scale_emb=1.0, rope_scaling=LONGROPE
    ),
    "mistral4": config("mistral4", ROUTED_EXPERTS, LATENT, rope_parameters=YARN | MINISTRAL_ROPE),
    "youtu_llm": config("youtu_llm", LATENT),
}

"""Configurations of tiny models with recurrent layers: state spaces, linear attention, convolutions."""

from family_configs import EXPERTS, GRANITE, LATENT, LOCAL_EXPERTS, WINDOW, config, text_config

LINEAR_ATTENTION = {
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "linear_conv_kernel_dim": 4,
    "full_attention_interval": 2,
}
QWEN3_5_ROPE = {
    "rope_parameters": {
        "type": "default",
        "mrope_section": [1, 1, 2],
        "rope_theta": 10000.0,
        "partial_rotary_factor": 0.5,
    }
}
SHORT_CONV = {"norm_eps": 1e-5, "conv_bias": False, "conv_L_cache": 3, "full_attn_idxs": [1]}
LFM2 = {
    "block_dim": 48,
    "block_ff_dim": 64,
    "block_multiple_of": 8,
    "block_ffn_dim_multiplier": 1.0,
    "block_auto_adjust_ff_dim": False,
}
BAILING = {
    "num_shared_experts": 1,
    "topk_group": 1,
    "n_group": 1,
    "layer_group_size": 2,
    "group_norm_size": 2,
    "routed_scaling_factor": 1.0,
}
KDA = {
    "linear_attn_config": {
        "num_heads": 4,
        "head_dim": 16,
        "short_conv_kernel_size": 4,
        "kda_layers": [1],
        "full_attn_layers": [2],
        "gate_lower_bound": -5.0,
    },
    "model_max_length": 2048,
    "num_experts_per_token": 2,
    "num_shared_experts": 1,
}

RECURRENT = {
    "mamba": config(
        "mamba",
        intermediate_size=96,
        state_size=8,
        conv_kernel=4,
        use_bias=False,
        use_conv_bias=True,
        time_step_rank=4,
    ),
    "falcon_mamba": config(
        "falcon_mamba",
        intermediate_size=96,
        state_size=8,
        conv_kernel=4,
        use_bias=False,
        use_conv_bias=True,
        time_step_rank=4,
        use_bcdt_rms=True,
    ),
}

HYBRID = {
    "falcon_h1": config(
        "falcon_h1",
        mamba_d_conv=4,
        mamba_d_head=16,
        mamba_d_ssm=64,
        mamba_d_state=16,
        mamba_n_heads=4,
        mamba_n_groups=1,
        lm_head_multiplier=1.0,
    ),
    "jamba": config(
        "jamba",
        attn_layer_offset=1,
        attn_layer_period=2,
        expert_layer_offset=1,
        expert_layer_period=2,
        mamba_d_conv=4,
        mamba_d_state=8,
        mamba_expand=2,
        num_experts=2,
        num_experts_per_tok=1,
    ),
    "granitemoehybrid": config(
        "granitemoehybrid",
        GRANITE,
        LOCAL_EXPERTS,
        layer_types=["mamba", "attention"],
        shared_intermediate_size=32,
        mamba_n_heads=4,
        mamba_d_head=16,
        mamba_proj_bias=False,
        mamba_d_state=16,
        mamba_d_conv=4,
        mamba_n_groups=1,
        mamba_conv_bias=True,
    ),
    "nemotron_h": config(
        "nemotron_h",
        hybrid_override_pattern=["M", "*", "-"],
        num_hidden_layers=3,
        mamba_num_heads=4,
        mamba_head_dim=16,
        mamba_proj_bias=False,
        ssm_state_size=16,
        conv_kernel=4,
        n_groups=1,
        layer_norm_epsilon=1e-5,
        use_bias=False,
        use_conv_bias=True,
    ),
    "plamo2": config(
        "plamo2",
        num_hidden_layers=4,
        hidden_size_per_head=8,
        full_attention_idx=[1],
        mamba_d_state=16,
        mamba_d_conv=4,
        mamba_num_heads=4,
        mamba_step=2,
        attention_window_size=WINDOW,
    ),
    "recurrent_gemma": config(
        "recurrent_gemma",
        conv1d_width=4,
        logits_soft_cap=30.0,
        attention_window_size=WINDOW,
        block_types=["recurrent", "attention"],
    ),
    "baichuan_m1": config(
        "baichuan_m1",
        sliding_window=WINDOW,
        sliding_window_layers=[0],
        conv_window=2,
        num_swa_attention_heads=6,
        num_swa_key_value_heads=3,
    ),
    "gear": config(
        "gear",
        num_hidden_layers=3,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention", "conv_mixer"],
        query_pre_attn_scalar=8,
    ),
    "lfm2": config("lfm2", SHORT_CONV, LFM2),
    "lfm2-vl": text_config("lfm2-vl", config("lfm2", SHORT_CONV, LFM2)),
    "lfm2_moe": config("lfm2_moe", EXPERTS, SHORT_CONV, use_expert_bias=True, num_dense_layers=1),
    "qwen3_next": config(
        "qwen3_next",
        EXPERTS,
        LINEAR_ATTENTION,
        shared_expert_intermediate_size=32,
        partial_rotary_factor=0.5,
    ),
    "qwen3_5": text_config("qwen3_5", config("qwen3_5_text", LINEAR_ATTENTION, QWEN3_5_ROPE)),
    "qwen3_5_moe": text_config(
        "qwen3_5_moe",
        config(
            "qwen3_5_moe_text", LINEAR_ATTENTION, QWEN3_5_ROPE, EXPERTS, shared_expert_intermediate_size=32
        ),
    ),
    "olmo_hybrid": config(
        "olmo_hybrid",
        LINEAR_ATTENTION,
        linear_num_key_heads=4,
        linear_allow_neg_eigval=True,
        layer_types=["linear_attention", "full_attention"],
    ),
    "kimi_linear": config("kimi_linear", EXPERTS, LATENT, KDA),
    "kimi_k3": text_config(
        "kimi_k3",
        config(
            "kimi_linear",
            EXPERTS,
            LATENT,
            KDA,
            activation_situ_beta=4.0,
            activation_situ_linear_beta=25.0,
            attn_res_block_size=2,
        ),
    ),
    "bailing_moe_linear": config("bailing_moe_linear", EXPERTS, BAILING, num_key_value_heads=6),
    "bailing_hybrid": config("bailing_hybrid", EXPERTS, LATENT, BAILING),
    "bailing_moe_v3": config(
        "bailing_moe_v3", EXPERTS, LATENT, BAILING, moe_shared_expert_intermediate_size=32
    ),
    "longcat_flash_ngram": config(
        "longcat_flash_ngram",
        LATENT,
        ffn_hidden_size=64,
        moe_topk=2,
        expert_ffn_hidden_size=32,
        n_routed_experts=4,
        zero_expert_num=2,
        num_layers=2,
        routed_scaling_factor=1.0,
        mla_scale_q_lora=True,
        mla_scale_kv_lora=True,
        ngram_vocab_size_ratio=3,
        emb_neighbor_num=2,
        emb_split_num=2,
    ),
}

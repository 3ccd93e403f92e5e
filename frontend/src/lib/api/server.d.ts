// Made by `make docs` from the program's OpenAPI document. Do not edit.
export interface paths {
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Every model that the caller may ask for, all of them unless a limit is stated.
         *
         *     `ModelList`, or `ModelPage` for who sends the header `anthropic-version`.
         */
        get: operations["list_models_v1_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Retrieve Model
         * @description One model: `ModelBody`, or `ModelInfo` for who sends the header `anthropic-version`.
         */
        get: operations["retrieve_model_v1_models__model_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Chat Completions
         * @description Answer a conversation, whole or as a stream of server-sent events.
         */
        post: operations["chat_completions_v1_chat_completions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Completions
         * @description Continue texts, whole or as a stream of server-sent events.
         */
        post: operations["completions_v1_completions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Response
         * @description Answer, whole or as a stream of server-sent events.
         */
        post: operations["create_response_v1_responses_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{response_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Retrieve Response
         * @description A response as it was answered; one that is being made as it is by now.
         */
        get: operations["retrieve_response_v1_responses__response_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete Response
         * @description Forget a response. What goes on from it cannot be gone on from any more.
         */
        delete: operations["delete_response_v1_responses__response_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{response_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Response
         * @description End a response that is being made here.
         */
        post: operations["cancel_response_v1_responses__response_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{response_id}/input_items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Input Items
         * @description The items that a response was given, without those of the responses that it goes on from.
         */
        get: operations["list_input_items_v1_responses__response_id__input_items_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Messages
         * @description Answer a conversation, whole or as a stream of server-sent events.
         */
        post: operations["messages_v1_messages_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/count_tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Count Tokens
         * @description Count a conversation's tokens as an answer to it would report them; nothing is loaded or queued.
         */
        post: operations["count_tokens_v1_messages_count_tokens_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokenize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tokenize
         * @description A text, or a conversation's prompt, in tokens.
         */
        post: operations["tokenize_tokenize_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/detokenize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Detokenize
         * @description Tokens as text, special tokens by name.
         */
        post: operations["detokenize_detokenize_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apply-template": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Apply Template
         * @description A conversation as the model's chat template writes it, which is what the model reads.
         */
        post: operations["apply_template_apply_template_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Requests
         * @description Every request that runs and the last hundred that have ended, newest first. No text of any.
         */
        get: operations["admin_list_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/requests/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Request
         * @description One of them, and where its prompt left the prefix cache.
         *
         *     `request_id` is its `id`, which may be that of several: the newest is shown; or its `row_id`.
         */
        get: operations["admin_read_request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/requests/{request_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Request
         * @description End a request that runs, however far it is; answers when all that it held is free.
         *
         *     Its caller gets the error `cancelled`. `request_id` is its `id`, and all that run under that are ended,
         *     or its `row_id`. Of several the newest is shown. One that has ended is a `conflict`.
         */
        post: operations["admin_cancel_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Every model, what it is doing and what it holds; also those that cannot be used, and why.
         */
        get: operations["admin_list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/models/{model_id}/load": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Load Model
         * @description Load a model and answer when it is there; what it has failed of before is forgotten.
         */
        post: operations["admin_load_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/models/{model_id}/unload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unload Model
         * @description Unload a model and answer when its memory is back; its running requests end first.
         */
        post: operations["admin_unload_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/models/{model_id}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pin Model
         * @description Let a model stay in memory whoever needs its room.
         */
        post: operations["admin_pin_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/models/{model_id}/unpin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unpin Model
         * @description Let a model go again when its room is needed.
         */
        post: operations["admin_unpin_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/memory": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Memory
         * @description What is promised to whom, and what is really in use.
         */
        get: operations["admin_read_memory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch
         * @description Server-sent events: all that is known first, then what changes.
         *
         *     `state` tells of each change of a model's state (`StateEvent`), `model` of a model (`ModelView`),
         *     `request` of a request (`RequestView`), `memory` of what is promised and held (`MemoryView`). The
         *     latter three come whole, each when anything of it has changed, at most four times a second.
         *
         *     It ends when the server stops, and when the caller would not be let in any more.
         */
        get: operations["admin_watch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Settings
         * @description The settings that can be changed while the server runs.
         */
        get: operations["admin_read_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Update Settings
         * @description Change some of them, until the server ends.
         */
        patch: operations["admin_update_settings"];
        trace?: never;
    };
    "/admin/settings/all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Every Setting
         * @description Every setting that is no secret: its value, where that comes from, whether it can be changed now.
         */
        get: operations["admin_read_every_setting"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/settings/reload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reload Settings
         * @description Take what is stored in the database now; what needs a start of the server stays as it is.
         */
        post: operations["admin_reload_settings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics
         * @description What has happened and what is now, in Prometheus' text format or OpenMetrics. Loads nothing.
         */
        get: operations["metrics_metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /**
         * Root
         * @description Some clients (Claude Code) look whether there is a server before they ask anything.
         */
        head: operations["root__head"];
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health
         * @description Whether the process is alive; it says so before a model is loaded.
         */
        get: operations["health_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ready
         * @description Whether the preloaded models answer: 200, or 503 while it loads, has failed, or the server stops.
         */
        get: operations["ready_ready_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/engine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Engine Health
         * @description Ask the resident models' engines for a sign of life and what they hold.
         */
        get: operations["engine_health_health_engine_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * CacheView
         * @description Where a request's first prompt left what the prefix cache held, in tokens.
         */
        CacheView: {
            /**
             * Cached Tokens
             * @description that were not read again
             */
            cached_tokens: number;
            /**
             * Matched Tokens
             * @description that agree with a stored prompt; more than `cached_tokens` where the model's state could not be taken up at that very place
             */
            matched_tokens: number;
            /** Prompt Tokens */
            prompt_tokens: number;
            /**
             * Diverged At
             * @description position of the first token that differs from what was stored; null where nothing does
             */
            diverged_at: number | null;
            /**
             * Message Index
             * @description of the message that the first differing token lies in
             */
            message_index: number | null;
            /**
             * Role
             * @description that message's
             */
            role: string | null;
            /**
             * Message Unknown
             * @description why the message cannot be told, where that is so
             */
            message_unknown: string | null;
            /**
             * Reason
             * @description one sentence for a person
             */
            reason: string;
            /**
             * Prompt Text
             * @description from the first differing token on, cut short; null unless the request had `cache_debug`
             */
            prompt_text: string | null;
            /**
             * Stored Text
             * @description what was stored there instead; likewise
             */
            stored_text: string | null;
        };
        /**
         * Capability
         * @description What a model can be asked for, told by its files.
         * @enum {string}
         */
        Capability: "chat" | "tools" | "reasoning" | "vision" | "audio" | "embeddings" | "infill";
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        JsonValue: unknown;
        /**
         * ListedModel
         * @description A model that can be used, with what its files tell.
         */
        ListedModel: {
            /** Id */
            id: string;
            status: components["schemas"]["ModelState"];
            /**
             * Progress
             * @description of its load, from 0 to 1; null while it does not load
             */
            progress: number | null;
            /**
             * Reason
             * @description why it has failed
             */
            reason: string | null;
            /**
             * Pinned
             * @description whether it stays, whoever needs its room
             */
            pinned: boolean;
            /**
             * Pid
             * @description of its worker process
             */
            pid: number | null;
            /**
             * Leases
             * @description requests that use it now
             */
            leases: number;
            /**
             * Waiting
             * @description requests that wait for it to come into memory
             */
            waiting: number;
            /**
             * Queue
             * @description sequences that its engine has not admitted yet
             */
            queue: number;
            /**
             * Running
             * @description sequences that are read or decode
             */
            running: number;
            /**
             * Tokens Per Second
             * @description drawn for all its requests together
             */
            tokens_per_second: number;
            /**
             * Load S
             * @description what its last load took
             */
            load_s: number | null;
            /**
             * Idle S
             * @description since its last use; null while it is used
             */
            idle_s: number | null;
            /**
             * Unloads In S
             * @description until it goes unless it is used; null where it stays
             */
            unloads_in_s: number | null;
            bytes: components["schemas"]["ModelBytes"];
            /**
             * Is Usable
             * @constant
             */
            is_usable: true;
            /** Path */
            path: string;
            /**
             * Adapter Path
             * @description of a LoRA adapter that is applied to it
             */
            adapter_path: string | null;
            /** Aliases */
            aliases: string[];
            /**
             * Family
             * @description `model_type` of its config.json
             */
            family: string;
            /**
             * Parameters
             * @description 0 where the files do not tell
             */
            parameters: number;
            /** @description null where its weights are not packed */
            quantization: components["schemas"]["QuantizationView"] | null;
            /**
             * Size Bytes
             * @description of all its files
             */
            size_bytes: number;
            /** Context Length */
            context_length: number | null;
            /** Capabilities */
            capabilities: components["schemas"]["Capability"][];
            /**
             * License
             * @description as its card names it
             */
            license: string | null;
            /** @description null before its first load */
            runtime: components["schemas"]["RuntimeView"] | null;
            /**
             * Duplicates
             * @description other folders of the same id, which are not used
             */
            duplicates: string[];
        };
        /**
         * MemoryModel
         * @description A model that memory is promised to.
         */
        MemoryModel: {
            /**
             * Footprint
             * @description of its process, by the operating system's account
             */
            footprint: number | null;
            /**
             * Active
             * @description that MLX holds, by the engine's account
             */
            active: number | null;
            /**
             * Kv
             * @description of the sequences that run
             */
            kv: number | null;
            /**
             * Prefixes
             * @description of computed prompts that are kept
             */
            prefixes: number | null;
            /** Id */
            id: string;
            status: components["schemas"]["ModelState"];
            reserved: components["schemas"]["ReservedBytes"];
        };
        /**
         * MemoryReading
         * @description Real memory, as it was last looked at.
         */
        MemoryReading: {
            /**
             * Footprint Bytes
             * @description of all workers together, by the operating system's account
             */
            footprint_bytes: number;
            /**
             * Budget Bytes
             * @description what they may have
             */
            budget_bytes: number;
            /**
             * Available Bytes
             * @description what any process could still take
             */
            available_bytes: number;
            /** Machine Bytes */
            machine_bytes: number;
            /**
             * Device Active Bytes
             * @description what MLX holds in all workers
             */
            device_active_bytes: number;
            /**
             * Device Limit Bytes
             * @description what the device can hold; 0 where that is not known
             */
            device_limit_bytes: number;
        };
        /**
         * MemoryView
         * @description What is promised to whom, and what is really in use. Also `event: memory`.
         */
        MemoryView: {
            /** Budget */
            budget: number;
            /** Reserved */
            reserved: number;
            /**
             * Free
             * @description what can still be promised
             */
            free: number;
            /** Max Models */
            max_models: number;
            /** Models */
            models: components["schemas"]["MemoryModel"][];
            /**
             * Spare Worker
             * @description promised to the worker that waits for a model, if one does
             */
            spare_worker: number | null;
            pressure: components["schemas"]["Pressure"];
            /**
             * Explanation
             * @description the pressure in a sentence, with the numbers behind it
             */
            explanation: string | null;
            /** @description null before it was first looked at */
            real: components["schemas"]["MemoryReading"] | null;
        };
        /**
         * ModelBytes
         * @description What a model takes, what it is promised and what it holds.
         */
        ModelBytes: {
            /**
             * Footprint
             * @description of its process, by the operating system's account
             */
            footprint: number | null;
            /**
             * Active
             * @description that MLX holds, by the engine's account
             */
            active: number | null;
            /**
             * Kv
             * @description of the sequences that run
             */
            kv: number | null;
            /**
             * Prefixes
             * @description of computed prompts that are kept
             */
            prefixes: number | null;
            /**
             * Estimated
             * @description without caches; measured where it was ever loaded
             */
            estimated: number;
            /** @description null while nothing is promised to it */
            reserved: components["schemas"]["ReservedBytes"] | null;
        };
        /**
         * ModelOptions
         * @description How one model is run; an entry of `MLX_SERVER_MODEL_OPTIONS`.
         */
        ModelOptions: {
            /** Kv Bits */
            kv_bits?: (4 | 8) | null;
            /**
             * Prompt Lookup
             * @default false
             */
            prompt_lookup?: boolean;
            /** Idle Unload S */
            idle_unload_s?: number | null;
        };
        /**
         * ModelState
         * @description What a model is doing.
         * @enum {string}
         */
        ModelState: "unloaded" | "loading" | "loaded" | "draining" | "failed";
        /**
         * ModelView
         * @description A model: what it is doing and what it holds. Also `event: model`.
         */
        ModelView: {
            /** Id */
            id: string;
            status: components["schemas"]["ModelState"];
            /**
             * Progress
             * @description of its load, from 0 to 1; null while it does not load
             */
            progress: number | null;
            /**
             * Reason
             * @description why it has failed
             */
            reason: string | null;
            /**
             * Pinned
             * @description whether it stays, whoever needs its room
             */
            pinned: boolean;
            /**
             * Pid
             * @description of its worker process
             */
            pid: number | null;
            /**
             * Leases
             * @description requests that use it now
             */
            leases: number;
            /**
             * Waiting
             * @description requests that wait for it to come into memory
             */
            waiting: number;
            /**
             * Queue
             * @description sequences that its engine has not admitted yet
             */
            queue: number;
            /**
             * Running
             * @description sequences that are read or decode
             */
            running: number;
            /**
             * Tokens Per Second
             * @description drawn for all its requests together
             */
            tokens_per_second: number;
            /**
             * Load S
             * @description what its last load took
             */
            load_s: number | null;
            /**
             * Idle S
             * @description since its last use; null while it is used
             */
            idle_s: number | null;
            /**
             * Unloads In S
             * @description until it goes unless it is used; null where it stays
             */
            unloads_in_s: number | null;
            bytes: components["schemas"]["ModelBytes"];
        };
        /**
         * ModelViews
         * @description Every model there is, those that cannot be used at the end.
         */
        ModelViews: {
            /** Data */
            data: (components["schemas"]["ListedModel"] | components["schemas"]["UnusableModelView"])[];
        };
        /**
         * Phase
         * @description How far a request has come.
         * @enum {string}
         */
        Phase: "waiting" | "queued" | "reading" | "writing" | "finished" | "failed" | "cancelled";
        /**
         * Pressure
         * @description How short memory is.
         *
         *     Attributes:
         *         SOFT: nothing more is admitted, and idle models go.
         *         HARD: the youngest work ends, before the machine suffers.
         * @enum {string}
         */
        Pressure: "none" | "soft" | "hard";
        /**
         * QuantizationView
         * @description How weights are packed.
         */
        QuantizationView: {
            /**
             * Bits
             * @description of one weight
             */
            bits: number;
            /**
             * Group Size
             * @description weights that share a scale
             */
            group_size: number;
            /**
             * Mode
             * @description such as `affine` or `mxfp4`
             */
            mode: string;
        };
        /**
         * ReloadedSettings
         * @description Every setting after what is stored was taken.
         */
        ReloadedSettings: {
            /** Data */
            data: components["schemas"]["SettingView"][];
            /**
             * Faults
             * @description a line for each stored value that cannot be used
             */
            faults: string[];
        };
        /**
         * RequestDetail
         * @description A request, and where its prompt left the prefix cache.
         */
        RequestDetail: {
            /**
             * Id
             * @description its `X-Request-Id`; clients choose it, so two requests may have the same
             */
            id: string;
            /**
             * Row Id
             * @description its own, and its row's in the audit
             */
            row_id: string;
            /**
             * Model
             * @description the name that was asked for; empty until the body has been read
             */
            model: string;
            /**
             * Model Id
             * @description the model that answers, once that is known
             */
            model_id: string | null;
            /**
             * Dialect
             * @description openai_chat, openai_completions, openai_responses or anthropic_messages
             */
            dialect: string;
            /** Is Stream */
            is_stream: boolean;
            /** User Name */
            user_name: string | null;
            /**
             * Key Id
             * @description of the API key that was sent; null where none was
             */
            key_id: string | null;
            phase: components["schemas"]["Phase"];
            /** Is Running */
            is_running: boolean;
            /**
             * Status
             * @description HTTP status; of a stream that had begun 200 however it ended; null while it runs
             */
            status: number | null;
            /**
             * Arrived
             * @description seconds since the epoch
             */
            arrived: number;
            /**
             * Arrived At
             * Format: date-time
             */
            arrived_at: string;
            /** Prompt Tokens */
            prompt_tokens: number;
            /**
             * Cached Tokens
             * @description of the prompt, that were not read again
             */
            cached_tokens: number;
            /**
             * Read Tokens
             * @description of the prompt, that have been read or came from the prefix cache
             */
            read_tokens: number;
            /** Completion Tokens */
            completion_tokens: number;
            /**
             * Waited S
             * @description seconds until its model's engine got it
             */
            waited_s: number;
            /**
             * Queue S
             * @description seconds until its engine began with it, the wait included
             */
            queue_s: number | null;
            /**
             * Prefill S
             * @description seconds from there to the first token
             */
            prefill_s: number | null;
            /**
             * Time To First Token S
             * @description seconds from its arrival to the first token
             */
            time_to_first_token_s: number | null;
            /**
             * Tokens Per Second
             * @description of the answer, after its first token
             */
            tokens_per_second: number | null;
            /**
             * Total S
             * @description seconds until its end, or until now
             */
            total_s: number;
            /**
             * Detail
             * @description the finish reason, or what went wrong; empty while it runs
             */
            detail: string;
            cache: components["schemas"]["CacheView"] | null;
            /**
             * Cache Unknown
             * @description why there is no `cache`; null where there is
             */
            cache_unknown: string | null;
        };
        /**
         * RequestView
         * @description A request that runs, or one of the last hundred that have ended. Also `event: request`.
         */
        RequestView: {
            /**
             * Id
             * @description its `X-Request-Id`; clients choose it, so two requests may have the same
             */
            id: string;
            /**
             * Row Id
             * @description its own, and its row's in the audit
             */
            row_id: string;
            /**
             * Model
             * @description the name that was asked for; empty until the body has been read
             */
            model: string;
            /**
             * Model Id
             * @description the model that answers, once that is known
             */
            model_id: string | null;
            /**
             * Dialect
             * @description openai_chat, openai_completions, openai_responses or anthropic_messages
             */
            dialect: string;
            /** Is Stream */
            is_stream: boolean;
            /** User Name */
            user_name: string | null;
            /**
             * Key Id
             * @description of the API key that was sent; null where none was
             */
            key_id: string | null;
            phase: components["schemas"]["Phase"];
            /** Is Running */
            is_running: boolean;
            /**
             * Status
             * @description HTTP status; of a stream that had begun 200 however it ended; null while it runs
             */
            status: number | null;
            /**
             * Arrived
             * @description seconds since the epoch
             */
            arrived: number;
            /**
             * Arrived At
             * Format: date-time
             */
            arrived_at: string;
            /** Prompt Tokens */
            prompt_tokens: number;
            /**
             * Cached Tokens
             * @description of the prompt, that were not read again
             */
            cached_tokens: number;
            /**
             * Read Tokens
             * @description of the prompt, that have been read or came from the prefix cache
             */
            read_tokens: number;
            /** Completion Tokens */
            completion_tokens: number;
            /**
             * Waited S
             * @description seconds until its model's engine got it
             */
            waited_s: number;
            /**
             * Queue S
             * @description seconds until its engine began with it, the wait included
             */
            queue_s: number | null;
            /**
             * Prefill S
             * @description seconds from there to the first token
             */
            prefill_s: number | null;
            /**
             * Time To First Token S
             * @description seconds from its arrival to the first token
             */
            time_to_first_token_s: number | null;
            /**
             * Tokens Per Second
             * @description of the answer, after its first token
             */
            tokens_per_second: number | null;
            /**
             * Total S
             * @description seconds until its end, or until now
             */
            total_s: number;
            /**
             * Detail
             * @description the finish reason, or what went wrong; empty while it runs
             */
            detail: string;
        };
        /**
         * RequestViews
         * @description What runs and what has run last, newest first.
         */
        RequestViews: {
            /** Data */
            data: components["schemas"]["RequestView"][];
        };
        /**
         * ReservedBytes
         * @description What a model may come to hold, by its parts.
         */
        ReservedBytes: {
            /**
             * Weights
             * @description parameters as they are held, and what the process has beside them
             */
            weights: number;
            /**
             * Kv
             * @description KV caches of the sequences that run
             */
            kv: number;
            /**
             * Prefixes
             * @description computed prompts that are kept
             */
            prefixes: number;
            /** Total */
            total: number;
        };
        /**
         * RuntimeView
         * @description What was found out when a model was last loaded.
         */
        RuntimeView: {
            /**
             * Can Batch
             * @description whether its requests decode together; else one at a time
             */
            can_batch: boolean;
            /**
             * Batching
             * @description what the numeric probe found, in words
             */
            batching: string;
            /** Kv Bytes Per Token */
            kv_bytes_per_token: number;
            /**
             * Kv Bits
             * @description bits of its KV cache where they were asked for
             */
            kv_bits: number | null;
            /**
             * Prefix Cache
             * @description why prompts are not kept; null where they are
             */
            prefix_cache: string | null;
            /**
             * Prompt Lookup
             * @description why a single request is not drafted for; null where it is
             */
            prompt_lookup: string | null;
        };
        /**
         * SettingSource
         * @description Where a setting's value comes from; an earlier one counts before a later one.
         * @enum {string}
         */
        SettingSource: "running" | "flag" | "environment" | "database" | "default";
        /**
         * SettingView
         * @description A setting that is no secret.
         */
        SettingView: {
            /** Name */
            name: string;
            value: components["schemas"]["JsonValue"];
            source: components["schemas"]["SettingSource"];
            /**
             * Live
             * @description whether it can be changed while the server runs
             */
            live: boolean;
        };
        /**
         * SettingViews
         * @description Every setting that is no secret.
         */
        SettingViews: {
            /** Data */
            data: components["schemas"]["SettingView"][];
        };
        /**
         * SettingsView
         * @description The settings that can be changed while the server runs.
         */
        SettingsView: {
            /**
             * Trusted Proxies
             * @description Addresses or networks whose `X-Forwarded-For` and `-Proto` are believed.
             */
            trusted_proxies?: string[];
            /**
             * Allowed Hosts
             * @description Names, beside this machine's own, by which the program may be called.
             */
            allowed_hosts?: string[];
            /**
             * Allowed Origins
             * @description Origins of web pages that may call and read the answers, such as `https://chat.example.org`.
             */
            allowed_origins?: string[];
            /**
             * Max Memory Gb
             * @description Upper bound of all models together, in GB of 2**30 bytes; the machine's own limits lower it.
             * @default 48
             */
            max_memory_gb?: number;
            /**
             * Max Models
             * @description Most models in memory at once.
             * @default 4
             */
            max_models?: number;
            /**
             * Default Max Tokens
             * @description New tokens of a request that names no number, clamped to the model's context window.
             * @default 4096
             */
            default_max_tokens?: number;
            /**
             * Model Dirs
             * @description Folders that are models or hold models, as a JSON list.
             */
            model_dirs?: string[];
            /**
             * Use Hf Cache
             * @description Whether models of the Hugging Face cache are offered (`HF_HOME` and `HF_HUB_CACHE` say where it is).
             * @default true
             */
            use_hf_cache?: boolean;
            /**
             * Aliases
             * @description Other names of models, as a JSON object: `{"gpt-4o": "qwen3-8b"}`.
             *
             *     `*` stands for any run of characters: `{"claude-*": "qwen3-8b"}`. Exact names and ids count before
             *     such a pattern, and of two patterns the one with more other characters.
             */
            aliases?: {
                [key: string]: string;
            };
            /**
             * Preload
             * @description Names of the models to load at start, as many of them as fit.
             */
            preload?: string[];
            /**
             * Pinned
             * @description Ids of models that stay in memory once they are loaded, whoever needs their room.
             */
            pinned?: string[];
            /**
             * Idle Unload S
             * @description Unload a model that has been unused for so long; not given, it stays until its room is needed.
             */
            idle_unload_s?: number | null;
            /**
             * Load Wait S
             * @description How long a request waits for the room that its model needs before it is told 503.
             * @default 60
             */
            load_wait_s?: number;
            /**
             * Kv Context Tokens
             * @description Tokens of a request that KV memory is reserved for at load; a longer one takes what is free then.
             * @default 8192
             */
            kv_context_tokens?: number;
            /**
             * Kv Concurrency
             * @description Requests of that length at once that KV memory is reserved for.
             * @default 4
             */
            kv_concurrency?: number;
            /**
             * Memory Soft Share
             * @description Above this share of the budget in real use no new work begins and idle models are unloaded.
             * @default 0.95
             */
            memory_soft_share?: number;
            /**
             * Memory Hard Share
             * @description Above this share of the budget in real use the youngest request is ended.
             * @default 1.05
             */
            memory_hard_share?: number;
            /**
             * Max Concurrent Requests
             * @description Sequences that one model decodes together; more wait their turn.
             * @default 32
             */
            max_concurrent_requests?: number;
            /**
             * Max Queued Requests
             * @description Requests that may wait for one model; past it the answer is 429.
             * @default 256
             */
            max_queued_requests?: number;
            /**
             * Prefill Chunk Tokens
             * @description Prompt tokens read between two decode steps.
             * @default 512
             */
            prefill_chunk_tokens?: number;
            /**
             * Model Options
             * @description Options by model id, as a JSON object: `{"qwen3-8b": {"kv_bits": 8}}`.
             */
            model_options?: {
                [key: string]: components["schemas"]["ModelOptions"];
            };
            /**
             * Prefix Cache Gb
             * @description Memory in which each model keeps what it computed for prompts, in GB of 2**30 bytes; 0 is off.
             * @default 2
             */
            prefix_cache_gb?: number;
            /**
             * Prefix Cache Disk Gb
             * @description The same on disk, where it survives restarts; 0 is off.
             * @default 8
             */
            prefix_cache_disk_gb?: number;
            /**
             * Prefix Cache Disk Floor Gb
             * @description Free space that the disk tier leaves to others.
             * @default 10
             */
            prefix_cache_disk_floor_gb?: number;
            /**
             * Request Timeout S
             * @description Most seconds from a request's arrival to its last token; a request may ask for fewer.
             * @default 3600
             */
            request_timeout_s?: number;
            /**
             * Worker Hang S
             * @description A worker that says nothing for so long while it has work is ended.
             * @default 120
             */
            worker_hang_s?: number;
            /**
             * Max Request Body Mb
             * @description Largest body of one request, in MB of 2**20 bytes.
             * @default 64
             */
            max_request_body_mb?: number;
            /**
             * Audit Days
             * @description How long the record of a request is kept.
             * @default 90
             */
            audit_days?: number;
            /**
             * Audit Max Rows
             * @description The most requests whose record is kept; the oldest go first.
             * @default 1000000
             */
            audit_max_rows?: number;
            /**
             * Responses Days
             * @description How long a stored response is kept after it was last gone on from; 0 stores none.
             * @default 30
             */
            responses_days?: number;
            /**
             * Shutdown Grace S
             * @description How long running requests may go on after SIGTERM or Ctrl-C.
             * @default 4
             */
            shutdown_grace_s?: number;
            /**
             * Log Level
             * @description The lowest level that is logged: DEBUG, INFO, WARNING or ERROR.
             * @default INFO
             */
            log_level?: string;
        };
        /**
         * UnusableModelView
         * @description A folder that looks like a model and cannot be used.
         */
        UnusableModelView: {
            /** Id */
            id: string;
            /**
             * Is Usable
             * @constant
             */
            is_usable: false;
            /**
             * Status
             * @description incomplete: files of it are missing
             * @enum {string}
             */
            status: "incomplete" | "failed";
            /** Reason */
            reason: string;
            /** Path */
            path: string;
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
        };
        /**
         * ErrorDetail
         * @description What went wrong.
         */
        ErrorDetail: {
            /**
             * Message
             * @description one sentence for a person
             */
            message: string;
            /** Type */
            type: string;
            /**
             * Param
             * @description path of the field at fault
             */
            param: string | null;
            /**
             * Code
             * @description see docs/errors.md
             */
            code: string;
        };
        /**
         * ErrorBody
         * @description Every answer that is no success.
         */
        ErrorBody: {
            error: components["schemas"]["ErrorDetail"];
        };
        /**
         * StateEvent
         * @description `event: state`: a model's state has changed, or its load has come further.
         */
        StateEvent: {
            /** Id */
            id: string;
            status: components["schemas"]["ModelState"];
            /**
             * Progress
             * @description of its load, from 0 to 1
             */
            progress: number;
            /**
             * Reason
             * @description why it has failed
             */
            reason: string | null;
            /**
             * Pid
             * @description of its worker process
             */
            pid: number | null;
        };
        /**
         * SettingsChange
         * @description Settings to change; the others stay.
         */
        SettingsChange: {
            /**
             * Trusted Proxies
             * @description Addresses or networks whose `X-Forwarded-For` and `-Proto` are believed.
             */
            trusted_proxies?: string[];
            /**
             * Allowed Hosts
             * @description Names, beside this machine's own, by which the program may be called.
             */
            allowed_hosts?: string[];
            /**
             * Allowed Origins
             * @description Origins of web pages that may call and read the answers, such as `https://chat.example.org`.
             */
            allowed_origins?: string[];
            /**
             * Max Memory Gb
             * @description Upper bound of all models together, in GB of 2**30 bytes; the machine's own limits lower it.
             */
            max_memory_gb?: number;
            /**
             * Max Models
             * @description Most models in memory at once.
             */
            max_models?: number;
            /**
             * Default Max Tokens
             * @description New tokens of a request that names no number, clamped to the model's context window.
             */
            default_max_tokens?: number;
            /**
             * Model Dirs
             * @description Folders that are models or hold models, as a JSON list.
             */
            model_dirs?: string[];
            /**
             * Use Hf Cache
             * @description Whether models of the Hugging Face cache are offered (`HF_HOME` and `HF_HUB_CACHE` say where it is).
             */
            use_hf_cache?: boolean;
            /**
             * Aliases
             * @description Other names of models, as a JSON object: `{"gpt-4o": "qwen3-8b"}`.
             *
             *     `*` stands for any run of characters: `{"claude-*": "qwen3-8b"}`. Exact names and ids count before
             *     such a pattern, and of two patterns the one with more other characters.
             */
            aliases?: {
                [key: string]: string;
            };
            /**
             * Preload
             * @description Names of the models to load at start, as many of them as fit.
             */
            preload?: string[];
            /**
             * Pinned
             * @description Ids of models that stay in memory once they are loaded, whoever needs their room.
             */
            pinned?: string[];
            /**
             * Idle Unload S
             * @description Unload a model that has been unused for so long; not given, it stays until its room is needed.
             */
            idle_unload_s?: number | null;
            /**
             * Load Wait S
             * @description How long a request waits for the room that its model needs before it is told 503.
             */
            load_wait_s?: number;
            /**
             * Kv Context Tokens
             * @description Tokens of a request that KV memory is reserved for at load; a longer one takes what is free then.
             */
            kv_context_tokens?: number;
            /**
             * Kv Concurrency
             * @description Requests of that length at once that KV memory is reserved for.
             */
            kv_concurrency?: number;
            /**
             * Memory Soft Share
             * @description Above this share of the budget in real use no new work begins and idle models are unloaded.
             */
            memory_soft_share?: number;
            /**
             * Memory Hard Share
             * @description Above this share of the budget in real use the youngest request is ended.
             */
            memory_hard_share?: number;
            /**
             * Max Concurrent Requests
             * @description Sequences that one model decodes together; more wait their turn.
             */
            max_concurrent_requests?: number;
            /**
             * Max Queued Requests
             * @description Requests that may wait for one model; past it the answer is 429.
             */
            max_queued_requests?: number;
            /**
             * Prefill Chunk Tokens
             * @description Prompt tokens read between two decode steps.
             */
            prefill_chunk_tokens?: number;
            /**
             * Model Options
             * @description Options by model id, as a JSON object: `{"qwen3-8b": {"kv_bits": 8}}`.
             */
            model_options?: {
                [key: string]: components["schemas"]["ModelOptions"];
            };
            /**
             * Prefix Cache Gb
             * @description Memory in which each model keeps what it computed for prompts, in GB of 2**30 bytes; 0 is off.
             */
            prefix_cache_gb?: number;
            /**
             * Prefix Cache Disk Gb
             * @description The same on disk, where it survives restarts; 0 is off.
             */
            prefix_cache_disk_gb?: number;
            /**
             * Prefix Cache Disk Floor Gb
             * @description Free space that the disk tier leaves to others.
             */
            prefix_cache_disk_floor_gb?: number;
            /**
             * Request Timeout S
             * @description Most seconds from a request's arrival to its last token; a request may ask for fewer.
             */
            request_timeout_s?: number;
            /**
             * Worker Hang S
             * @description A worker that says nothing for so long while it has work is ended.
             */
            worker_hang_s?: number;
            /**
             * Max Request Body Mb
             * @description Largest body of one request, in MB of 2**20 bytes.
             */
            max_request_body_mb?: number;
            /**
             * Audit Days
             * @description How long the record of a request is kept.
             */
            audit_days?: number;
            /**
             * Audit Max Rows
             * @description The most requests whose record is kept; the oldest go first.
             */
            audit_max_rows?: number;
            /**
             * Responses Days
             * @description How long a stored response is kept after it was last gone on from; 0 stores none.
             */
            responses_days?: number;
            /**
             * Shutdown Grace S
             * @description How long running requests may go on after SIGTERM or Ctrl-C.
             */
            shutdown_grace_s?: number;
            /**
             * Log Level
             * @description The lowest level that is logged: DEBUG, INFO, WARNING or ERROR.
             */
            log_level?: string;
        };
        /**
         * ModelList
         * @description The answer of `/v1/models`; it says whether there is more where a part was asked for.
         */
        ModelList: {
            data: components["schemas"]["ModelBody"][];
            has_more?: boolean;
            /** @default list */
            object?: string;
        };
        /**
         * ModelBody
         * @description One model of `/v1/models`. Ours is all but `id`, `created`, `object` and `owned_by`.
         *
         *         Attributes:
         *             status: unloaded, loading, loaded, draining or failed.
         *             aliases: other names that a request may use.
         *             parameters: weights; absent where the files do not tell.
         *             size_bytes: of its files.
         *             resident_bytes: what it takes in memory, as measured or, before it was ever loaded, as estimated.
         *             licence: as its card names it.
         *             tool_format: how it writes calls, as its template tells; absent where that offers no tools.
         *             reasoning_format: how it writes its reasoning; absent where its template tells of none.
         */
        ModelBody: {
            id: string;
            created: number;
            family: string;
            status: string;
            aliases: string[];
            capabilities: string[];
            has_chat_template: boolean;
            size_bytes: number;
            resident_bytes?: number;
            context_length?: number;
            parameters?: number;
            quantization?: components["schemas"]["QuantizationBody"];
            license?: string;
            runtime?: components["schemas"]["RuntimeBody"];
            tool_format?: string;
            reasoning_format?: string;
            /** @default model */
            object?: string;
            /** @default local */
            owned_by?: string;
        };
        /**
         * QuantizationBody
         * @description How weights are packed; see `Quantization`.
         */
        QuantizationBody: {
            bits: number;
            group_size: number;
            mode: string;
        };
        /**
         * RuntimeBody
         * @description What was found out when a model was last loaded; see `ModelRuntime`.
         */
        RuntimeBody: {
            can_batch: boolean;
            batching: string;
            kv_bytes_per_token: number;
            kv_bits: number | null;
            prefix_cache: string;
            prompt_lookup: string;
        };
        /**
         * ModelPage
         * @description A part of the list.
         */
        ModelPage: {
            data: components["schemas"]["ModelInfo"][];
            has_more: boolean;
            first_id: string | null;
            last_id: string | null;
        };
        /**
         * ModelInfo
         * @description One model; `max_input_tokens` is its window, where that is known.
         */
        ModelInfo: {
            id: string;
            display_name: string;
            created_at: string;
            max_input_tokens: number | null;
            /** @default active */
            lifecycle?: string;
            /** @default model */
            type?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_models_v1_models_get: {
        parameters: {
            query?: {
                limit?: number | null;
                after_id?: string | null;
                before_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"] | components["schemas"]["ModelPage"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    retrieve_model_v1_models__model_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelBody"] | components["schemas"]["ModelInfo"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    chat_completions_v1_chat_completions_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    completions_v1_completions_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    create_response_v1_responses_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    retrieve_response_v1_responses__response_id__get: {
        parameters: {
            query?: {
                stream?: boolean;
            };
            header?: never;
            path: {
                response_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    delete_response_v1_responses__response_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                response_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    cancel_response_v1_responses__response_id__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                response_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    list_input_items_v1_responses__response_id__input_items_get: {
        parameters: {
            query?: {
                limit?: number;
                order?: "asc" | "desc";
                after?: string | null;
            };
            header?: never;
            path: {
                response_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    messages_v1_messages_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    count_tokens_v1_messages_count_tokens_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    tokenize_tokenize_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    detokenize_detokenize_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    apply_template_apply_template_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    admin_list_requests: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestViews"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_read_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestDetail"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_cancel_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelViews"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_load_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_unload_model: {
        parameters: {
            query?: {
                /** @description end running requests with an error instead of waiting for them */
                force?: boolean;
            };
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_pin_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_unpin_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_read_memory: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemoryView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_watch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description server-sent events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StateEvent"] | components["schemas"]["ModelView"] | components["schemas"]["RequestView"] | components["schemas"]["MemoryView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_read_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_update_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsView"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_read_every_setting: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingViews"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    admin_reload_settings: {
        parameters: {
            query?: {
                /** @description settings that were just stored or reset: what was changed in the server gives way */
                restated?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReloadedSettings"];
                };
            };
            /** @description an error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    metrics_metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    root__head: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    health_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
        };
    };
    ready_ready_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    engine_health_health_engine_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
}

SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_keys (
    id character varying NOT NULL,
    user_id character varying NOT NULL,
    name character varying NOT NULL,
    digest character varying NOT NULL,
    hint character varying NOT NULL,
    scopes json NOT NULL,
    models json,
    requests_per_minute integer,
    tokens_per_day bigint,
    capture_days integer,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    is_internal boolean DEFAULT false NOT NULL
);
CREATE TABLE public.auth_state (
    id integer NOT NULL,
    revision integer NOT NULL
);
CREATE TABLE public.captured_texts (
    request_row_id character varying NOT NULL,
    prompt character varying NOT NULL,
    answer character varying NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.chat_attachments (
    id character varying NOT NULL,
    chat_id character varying NOT NULL,
    message_id character varying,
    name character varying NOT NULL,
    media_type character varying NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 character varying NOT NULL,
    text character varying NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.chat_folders (
    id character varying NOT NULL,
    user_id character varying NOT NULL,
    name character varying NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.chat_messages (
    id character varying NOT NULL,
    chat_id character varying NOT NULL,
    parent_id character varying,
    role character varying NOT NULL,
    status character varying NOT NULL,
    content character varying NOT NULL,
    reasoning character varying NOT NULL,
    tool_calls json,
    tool_call_id character varying,
    model character varying,
    finish_reason character varying,
    error json,
    usage json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.chat_pieces (
    message_id character varying NOT NULL,
    number integer NOT NULL,
    kind character varying NOT NULL,
    text character varying NOT NULL
);
CREATE TABLE public.chats (
    id character varying NOT NULL,
    user_id character varying NOT NULL,
    folder_id character varying,
    title character varying NOT NULL,
    model character varying NOT NULL,
    system_prompt character varying NOT NULL,
    parameters json NOT NULL,
    shown_message_id character varying,
    is_pinned boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.download_files (
    download_id character varying NOT NULL,
    path character varying NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 character varying,
    git_sha1 character varying,
    is_done boolean NOT NULL
);
CREATE TABLE public.downloads (
    id character varying NOT NULL,
    requested_by character varying,
    repo_id character varying NOT NULL,
    revision character varying NOT NULL,
    commit_hash character varying,
    status character varying NOT NULL,
    total_bytes bigint NOT NULL,
    done_bytes bigint NOT NULL,
    num_attempts integer NOT NULL,
    retry_at timestamp with time zone,
    error_code character varying,
    error character varying,
    allows_pickle boolean NOT NULL,
    allows_code boolean NOT NULL,
    "position" bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone
);
CREATE TABLE public.inference_requests (
    id character varying NOT NULL,
    request_id character varying NOT NULL,
    server_id character varying NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    user_id character varying,
    key_id character varying,
    model character varying,
    backend character varying,
    dialect character varying NOT NULL,
    is_stream boolean NOT NULL,
    outcome character varying NOT NULL,
    status integer,
    finish_reason character varying,
    error_code character varying,
    queue_s double precision,
    prefill_s double precision,
    first_token_s double precision,
    total_s double precision,
    tokens_per_second double precision,
    prompt_tokens integer NOT NULL,
    cached_tokens integer NOT NULL,
    completion_tokens integer NOT NULL
);
CREATE TABLE public.key_usage (
    key_id character varying NOT NULL,
    day date NOT NULL,
    num_requests integer NOT NULL,
    num_tokens bigint NOT NULL
);
CREATE TABLE public.one_time_tokens (
    id character varying NOT NULL,
    kind character varying NOT NULL,
    digest character varying NOT NULL,
    user_id character varying,
    role character varying,
    created_by character varying,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.refresh_tokens (
    id character varying NOT NULL,
    session_id character varying NOT NULL,
    digest character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.sessions (
    id character varying NOT NULL,
    user_id character varying NOT NULL,
    user_agent character varying NOT NULL,
    address character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason character varying
);
CREATE TABLE public.stored_responses (
    id character varying NOT NULL,
    user_id character varying NOT NULL,
    key_id character varying,
    model character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    previous_response_id character varying,
    status character varying NOT NULL,
    item_ids character varying NOT NULL,
    input_items character varying NOT NULL,
    response character varying NOT NULL
);
CREATE TABLE public.stored_secrets (
    name character varying NOT NULL,
    sealed character varying NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.stored_settings (
    name character varying NOT NULL,
    value json NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by character varying
);
CREATE TABLE public.users (
    id character varying NOT NULL,
    name character varying NOT NULL,
    name_folded character varying NOT NULL,
    password_digest character varying,
    role character varying NOT NULL,
    status character varying NOT NULL,
    is_builtin boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_sign_in_at timestamp with time zone
);
INSERT INTO public.alembic_version VALUES ('0004');
INSERT INTO public.api_keys VALUES ('key_1', 'user_1', 'laptop', 'k1', 'sk-mlx-ab…', '["inference", "admin"]', '["O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name", "org/model", ""]', 0, 2147483647, 30, '1970-01-01 00:00:00.000001+00', '9999-12-31 23:59:59.999998+00', '2026-03-29 00:59:59.999999+00', NULL, true);
INSERT INTO public.api_keys VALUES ('key_2', 'user_1', 'laptop', 'k2', '', '[]', 'null', NULL, NULL, NULL, '2026-03-29 00:59:59.999999+00', NULL, NULL, '2026-10-25 01:30:00.12+00', false);
INSERT INTO public.auth_state VALUES (1, 41);
INSERT INTO public.captured_texts VALUES ('inf_1', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '
', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.captured_texts VALUES ('inf_2', '', '', '2026-02-28 12:00:00+00');
INSERT INTO public.chat_attachments VALUES ('att_1', 'chat_1', 'msg_1', '../../数据.txt', 'text/plain', 9223372036854775807, 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '2026-03-29 00:59:59.999999+00');
INSERT INTO public.chat_attachments VALUES ('att_2', 'chat_2', NULL, '', 'text/markdown', 0, '', '', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.chat_folders VALUES ('fold_1', 'user_1', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '2026-03-29 00:59:59.999999+00');
INSERT INTO public.chat_folders VALUES ('fold_2', 'user_2', '', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.chat_messages VALUES ('msg_1', 'chat_1', NULL, 'user', 'complete', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '', 'null', NULL, NULL, NULL, 'null', 'null', '2026-03-29 00:59:59.999999+00', '2026-03-29 00:59:59.999999+00');
INSERT INTO public.chat_messages VALUES ('msg_2', 'chat_1', 'msg_1', 'assistant', 'writing', '', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '[{"id": "call_1", "function": {"name": "f", "arguments": "O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name"}}]', 'call_1', 'demo', 'tool_calls', '{"code": "worker_died", "message": "O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name"}', '{"prompt_tokens": 9007199254740993, "tokens_per_second": 0.1}', '1970-01-01 00:00:00.000001+00', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.chat_pieces VALUES ('msg_2', 0, 'reasoning', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name');
INSERT INTO public.chat_pieces VALUES ('msg_2', 2147483647, 'content', '');
INSERT INTO public.chats VALUES ('chat_1', 'user_1', 'fold_1', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', 'org/model 数据', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '{"temperature": 0.5, "stop": ["O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name"]}', 'msg_2', true, '1970-01-01 00:00:00.000001+00', '2026-10-25 01:30:00.12+00');
INSERT INTO public.chats VALUES ('chat_2', 'user_2', NULL, '', '', '', '{}', NULL, false, '2026-03-29 00:59:59.999999+00', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.download_files VALUES ('dl_2', 'a folder/模型.safetensors', 9223372036854775807, 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', NULL, true);
INSERT INTO public.download_files VALUES ('dl_2', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', 0, NULL, 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', false);
INSERT INTO public.downloads VALUES ('dl_1', 'a user who is gone', 'org/model 数据', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', NULL, 'queued', 0, 0, 0, NULL, NULL, NULL, false, true, -1, '1970-01-01 00:00:00.000001+00', '2026-03-29 00:59:59.999999+00', NULL);
INSERT INTO public.downloads VALUES ('dl_2', 'user_1', 'org/model', 'main', '0000000000000000000000000000000000000000', 'waiting', 9223372036854775807, 4294967296, 2147483647, '2026-10-25 01:30:00.12+00', 'hub_unavailable', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', true, false, 9007199254740993, '2026-02-28 12:00:00+00', '2026-10-25 01:30:00.12+00', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.inference_requests VALUES ('inf_1', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', 'srv_1', '2026-03-29 00:59:59.999999+00', '2026-10-25 01:30:00.12+00', 'user_1', 'a key that is gone', 'org/model 数据', 'local', 'openai', true, 'finished', 200, 'stop', NULL, 0, 0.1, 1e-09, 333333333.3333333, 5e-324, 2147483647, 1, 0);
INSERT INTO public.inference_requests VALUES ('inf_2', '', 'srv_1', '1970-01-01 00:00:00.000001+00', NULL, NULL, NULL, NULL, NULL, 'anthropic', false, 'running', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0);
INSERT INTO public.key_usage VALUES ('key_1', '2026-02-28', 1, 2147483647);
INSERT INTO public.key_usage VALUES ('key_1', '9999-12-30', 0, 0);
INSERT INTO public.one_time_tokens VALUES ('otk_1', 'invitation', 'd''1', NULL, 'user', 'user_1', '2026-03-29 00:59:59.999999+00', '2026-10-25 01:30:00.12+00', NULL);
INSERT INTO public.one_time_tokens VALUES ('otk_2', 'password_reset', 'd2', 'user_2', NULL, NULL, '2026-02-28 12:00:00+00', '9999-12-31 23:59:59.999998+00', '2026-10-25 01:30:00.12+00');
INSERT INTO public.refresh_tokens VALUES ('rft_1', 'ses_1', 'r1', '2026-03-29 00:59:59.999999+00', '2026-10-25 01:30:00.12+00');
INSERT INTO public.refresh_tokens VALUES ('rft_2', 'ses_2', 'r2', '1970-01-01 00:00:00.000001+00', NULL);
INSERT INTO public.sessions VALUES ('ses_1', 'user_1', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '::ffff:127.0.0.1', '1970-01-01 00:00:00.000001+00', '2026-10-25 01:30:00.12+00', '2026-03-29 00:59:59.999999+00', 'reused');
INSERT INTO public.sessions VALUES ('ses_2', 'user_2', '', '', '2026-02-28 12:00:00+00', '9999-12-31 23:59:59.999998+00', NULL, NULL);
INSERT INTO public.stored_responses VALUES ('resp_1', 'user_1', 'a key that is gone', 'org/model 数据', '2026-03-29 00:59:59.999999+00', '9999-12-31 23:59:59.999998+00', NULL, 'completed', ' msg_1 rs_1 fc_1 ', '[{"id":"msg_1","type":"message","content":"\u0000 \" 🦙"}]', '{"id":"resp_1","output":[]}');
INSERT INTO public.stored_responses VALUES ('resp_2', 'user_2', NULL, '', '1970-01-01 00:00:00.000001+00', '2026-02-28 12:00:00+00', 'a response that is gone', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '  ', '[]', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name');
INSERT INTO public.stored_secrets VALUES ('huggingface', 'gAAAAA==', '2026-10-25 01:30:00.12+00');
INSERT INTO public.stored_secrets VALUES ('O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '', '2026-02-28 12:00:00+00');
INSERT INTO public.stored_settings VALUES ('MLX_SERVER_ALIASES', '{"O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name": "\u6570\u636e"}', '2026-03-29 00:59:59.999999+00', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name');
INSERT INTO public.stored_settings VALUES ('MLX_SERVER_MAX_MEMORY_GB', '1.5', '9999-12-31 23:59:59.999998+00', NULL);
INSERT INTO public.stored_settings VALUES ('MLX_SERVER_PRELOAD', '[]', '1970-01-01 00:00:00.000001+00', 'user_1');
INSERT INTO public.users VALUES ('user_owner', 'owner', '<Owner>', NULL, 'admin', 'active', true, '2026-11-28 19:09:33.443075+00', NULL);
INSERT INTO public.users VALUES ('user_1', 'O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', 'o''brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', 'admin', 'active', false, '1970-01-01 00:00:00.000001+00', '9999-12-31 23:59:59.999998+00');
INSERT INTO public.users VALUES ('user_2', 'ada', 'ada', NULL, 'user', 'pending', false, '2026-03-29 00:59:59.999999+00', NULL);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_state
    ADD CONSTRAINT auth_state_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.captured_texts
    ADD CONSTRAINT captured_texts_pkey PRIMARY KEY (request_row_id);
ALTER TABLE ONLY public.chat_attachments
    ADD CONSTRAINT chat_attachments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_folders
    ADD CONSTRAINT chat_folders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chat_pieces
    ADD CONSTRAINT chat_pieces_pkey PRIMARY KEY (message_id, number);
ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.download_files
    ADD CONSTRAINT download_files_pkey PRIMARY KEY (download_id, path);
ALTER TABLE ONLY public.downloads
    ADD CONSTRAINT downloads_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.inference_requests
    ADD CONSTRAINT inference_requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.key_usage
    ADD CONSTRAINT key_usage_pkey PRIMARY KEY (key_id, day);
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT one_time_tokens_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT one_time_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stored_responses
    ADD CONSTRAINT stored_responses_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stored_secrets
    ADD CONSTRAINT stored_secrets_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.stored_settings
    ADD CONSTRAINT stored_settings_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_name_folded_key UNIQUE (name_folded);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX ix_api_keys_user_id ON public.api_keys USING btree (user_id);
CREATE UNIQUE INDEX ix_api_keys_user_name ON public.api_keys USING btree (user_id, name) WHERE (revoked_at IS NULL);
CREATE INDEX ix_captured_texts_expires_at ON public.captured_texts USING btree (expires_at);
CREATE INDEX ix_chat_attachments_chat_id ON public.chat_attachments USING btree (chat_id);
CREATE INDEX ix_chat_attachments_message_id ON public.chat_attachments USING btree (message_id);
CREATE INDEX ix_chat_folders_user_id ON public.chat_folders USING btree (user_id);
CREATE INDEX ix_chat_messages_chat_id ON public.chat_messages USING btree (chat_id);
CREATE INDEX ix_chat_messages_parent_id ON public.chat_messages USING btree (parent_id);
CREATE INDEX ix_chat_messages_status ON public.chat_messages USING btree (status);
CREATE INDEX ix_chats_folder_id ON public.chats USING btree (folder_id);
CREATE INDEX ix_chats_updated_at ON public.chats USING btree (updated_at);
CREATE INDEX ix_chats_user_id ON public.chats USING btree (user_id);
CREATE INDEX ix_downloads_repo_id ON public.downloads USING btree (repo_id);
CREATE INDEX ix_downloads_status ON public.downloads USING btree (status);
CREATE INDEX ix_inference_requests_key_id ON public.inference_requests USING btree (key_id);
CREATE INDEX ix_inference_requests_outcome ON public.inference_requests USING btree (outcome);
CREATE INDEX ix_inference_requests_request_id ON public.inference_requests USING btree (request_id);
CREATE INDEX ix_inference_requests_server_id ON public.inference_requests USING btree (server_id);
CREATE INDEX ix_inference_requests_started_at ON public.inference_requests USING btree (started_at);
CREATE INDEX ix_inference_requests_user_id ON public.inference_requests USING btree (user_id);
CREATE INDEX ix_one_time_tokens_user_id ON public.one_time_tokens USING btree (user_id);
CREATE INDEX ix_refresh_tokens_session_id ON public.refresh_tokens USING btree (session_id);
CREATE INDEX ix_sessions_user_id ON public.sessions USING btree (user_id);
CREATE INDEX ix_stored_responses_expires_at ON public.stored_responses USING btree (expires_at);
CREATE INDEX ix_stored_responses_user_id ON public.stored_responses USING btree (user_id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.captured_texts
    ADD CONSTRAINT captured_texts_request_row_id_fkey FOREIGN KEY (request_row_id) REFERENCES public.inference_requests(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_attachments
    ADD CONSTRAINT chat_attachments_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_attachments
    ADD CONSTRAINT chat_attachments_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.chat_messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_folders
    ADD CONSTRAINT chat_folders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_pieces
    ADD CONSTRAINT chat_pieces_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.chat_messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_folder_id_fkey FOREIGN KEY (folder_id) REFERENCES public.chat_folders(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.download_files
    ADD CONSTRAINT download_files_download_id_fkey FOREIGN KEY (download_id) REFERENCES public.downloads(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.key_usage
    ADD CONSTRAINT key_usage_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT one_time_tokens_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.stored_responses
    ADD CONSTRAINT stored_responses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

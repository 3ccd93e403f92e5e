BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE api_keys (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	hint VARCHAR NOT NULL, 
	scopes JSON NOT NULL, 
	models JSON, 
	requests_per_minute INTEGER, 
	tokens_per_day BIGINT, 
	capture_days INTEGER, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	last_used_at DATETIME, 
	revoked_at DATETIME, is_internal BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT api_keys_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT api_keys_digest_key UNIQUE (digest)
);
INSERT INTO "api_keys" VALUES('key_1','user_1','laptop','k1','sk-mlx-ab…','["inference", "admin"]','["O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name", "org/model", ""]',0,2147483647,30,'1970-01-01 00:00:00.000001','9999-12-31 23:59:59.999998','2026-03-29 00:59:59.999999',NULL,1);
INSERT INTO "api_keys" VALUES('key_2','user_1','laptop','k2','','[]','null',NULL,NULL,NULL,'2026-03-29 00:59:59.999999',NULL,NULL,'2026-10-25 01:30:00.120000',0);
CREATE TABLE auth_state (
	id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "auth_state" VALUES(1,41);
CREATE TABLE captured_texts (
	request_row_id VARCHAR NOT NULL, 
	prompt VARCHAR NOT NULL, 
	answer VARCHAR NOT NULL, 
	expires_at DATETIME NOT NULL, 
	PRIMARY KEY (request_row_id), 
	CONSTRAINT captured_texts_request_row_id_fkey FOREIGN KEY(request_row_id) REFERENCES inference_requests (id) ON DELETE CASCADE
);
INSERT INTO "captured_texts" VALUES('inf_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','
','9999-12-31 23:59:59.999998');
INSERT INTO "captured_texts" VALUES('inf_2','','','2026-02-28 12:00:00.000000');
CREATE TABLE chat_attachments (
	id VARCHAR NOT NULL, 
	chat_id VARCHAR NOT NULL, 
	message_id VARCHAR, 
	name VARCHAR NOT NULL, 
	media_type VARCHAR NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT chat_attachments_chat_id_fkey FOREIGN KEY(chat_id) REFERENCES chats (id) ON DELETE CASCADE, 
	CONSTRAINT chat_attachments_message_id_fkey FOREIGN KEY(message_id) REFERENCES chat_messages (id) ON DELETE CASCADE
);
INSERT INTO "chat_attachments" VALUES('att_1','chat_1','msg_1','../../数据.txt','text/plain',9223372036854775807,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','2026-03-29 00:59:59.999999');
INSERT INTO "chat_attachments" VALUES('att_2','chat_2',NULL,'','text/markdown',0,'','','9999-12-31 23:59:59.999998');
CREATE TABLE chat_folders (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT chat_folders_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "chat_folders" VALUES('fold_1','user_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','2026-03-29 00:59:59.999999');
INSERT INTO "chat_folders" VALUES('fold_2','user_2','','9999-12-31 23:59:59.999998');
CREATE TABLE chat_messages (
	id VARCHAR NOT NULL, 
	chat_id VARCHAR NOT NULL, 
	parent_id VARCHAR, 
	role VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	content VARCHAR NOT NULL, 
	reasoning VARCHAR NOT NULL, 
	tool_calls JSON, 
	tool_call_id VARCHAR, 
	model VARCHAR, 
	finish_reason VARCHAR, 
	error JSON, 
	usage JSON, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT chat_messages_chat_id_fkey FOREIGN KEY(chat_id) REFERENCES chats (id) ON DELETE CASCADE
);
INSERT INTO "chat_messages" VALUES('msg_1','chat_1',NULL,'user','complete','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','','null',NULL,NULL,NULL,'null','null','2026-03-29 00:59:59.999999','2026-03-29 00:59:59.999999');
INSERT INTO "chat_messages" VALUES('msg_2','chat_1','msg_1','assistant','writing','','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','[{"id": "call_1", "function": {"name": "f", "arguments": "O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name"}}]','call_1','demo','tool_calls','{"code": "worker_died", "message": "O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name"}','{"prompt_tokens": 9007199254740993, "tokens_per_second": 0.1}','1970-01-01 00:00:00.000001','9999-12-31 23:59:59.999998');
CREATE TABLE chat_pieces (
	message_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	PRIMARY KEY (message_id, number), 
	CONSTRAINT chat_pieces_message_id_fkey FOREIGN KEY(message_id) REFERENCES chat_messages (id) ON DELETE CASCADE
);
INSERT INTO "chat_pieces" VALUES('msg_2',0,'reasoning','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name');
INSERT INTO "chat_pieces" VALUES('msg_2',2147483647,'content','');
CREATE TABLE chats (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	folder_id VARCHAR, 
	title VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	system_prompt VARCHAR NOT NULL, 
	parameters JSON NOT NULL, 
	shown_message_id VARCHAR, 
	is_pinned BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT chats_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT chats_folder_id_fkey FOREIGN KEY(folder_id) REFERENCES chat_folders (id) ON DELETE SET NULL
);
INSERT INTO "chats" VALUES('chat_1','user_1','fold_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','org/model 数据','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','{"temperature": 0.5, "stop": ["O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name"]}','msg_2',1,'1970-01-01 00:00:00.000001','2026-10-25 01:30:00.120000');
INSERT INTO "chats" VALUES('chat_2','user_2',NULL,'','','','{}',NULL,0,'2026-03-29 00:59:59.999999','9999-12-31 23:59:59.999998');
CREATE TABLE download_files (
	download_id VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	sha256 VARCHAR, 
	git_sha1 VARCHAR, 
	is_done BOOLEAN NOT NULL, 
	PRIMARY KEY (download_id, path), 
	CONSTRAINT download_files_download_id_fkey FOREIGN KEY(download_id) REFERENCES downloads (id) ON DELETE CASCADE
);
INSERT INTO "download_files" VALUES('dl_2','a folder/模型.safetensors',9223372036854775807,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,1);
INSERT INTO "download_files" VALUES('dl_2','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name',0,NULL,'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee',0);
CREATE TABLE downloads (
	id VARCHAR NOT NULL, 
	requested_by VARCHAR, 
	repo_id VARCHAR NOT NULL, 
	revision VARCHAR NOT NULL, 
	commit_hash VARCHAR, 
	status VARCHAR NOT NULL, 
	total_bytes BIGINT NOT NULL, 
	done_bytes BIGINT NOT NULL, 
	num_attempts INTEGER NOT NULL, 
	retry_at DATETIME, 
	error_code VARCHAR, 
	error VARCHAR, 
	allows_pickle BOOLEAN NOT NULL, 
	allows_code BOOLEAN NOT NULL, 
	position BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "downloads" VALUES('dl_1','a user who is gone','org/model 数据','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name',NULL,'queued',0,0,0,NULL,NULL,NULL,0,1,-1,'1970-01-01 00:00:00.000001','2026-03-29 00:59:59.999999',NULL);
INSERT INTO "downloads" VALUES('dl_2','user_1','org/model','main','0000000000000000000000000000000000000000','waiting',9223372036854775807,4294967296,2147483647,'2026-10-25 01:30:00.120000','hub_unavailable','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name',1,0,9007199254740993,'2026-02-28 12:00:00.000000','2026-10-25 01:30:00.120000','9999-12-31 23:59:59.999998');
CREATE TABLE inference_requests (
	id VARCHAR NOT NULL, 
	request_id VARCHAR NOT NULL, 
	server_id VARCHAR NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	user_id VARCHAR, 
	key_id VARCHAR, 
	model VARCHAR, 
	backend VARCHAR, 
	dialect VARCHAR NOT NULL, 
	is_stream BOOLEAN NOT NULL, 
	outcome VARCHAR NOT NULL, 
	status INTEGER, 
	finish_reason VARCHAR, 
	error_code VARCHAR, 
	queue_s FLOAT, 
	prefill_s FLOAT, 
	first_token_s FLOAT, 
	total_s FLOAT, 
	tokens_per_second FLOAT, 
	prompt_tokens INTEGER NOT NULL, 
	cached_tokens INTEGER NOT NULL, 
	completion_tokens INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "inference_requests" VALUES('inf_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','srv_1','2026-03-29 00:59:59.999999','2026-10-25 01:30:00.120000','user_1','a key that is gone','org/model 数据','local','openai',1,'finished',200,'stop',NULL,0.0,0.1,1.0e-09,3.33333333333333313463e+08,4.94065645841247e-324,2147483647,1,0);
INSERT INTO "inference_requests" VALUES('inf_2','','srv_1','1970-01-01 00:00:00.000001',NULL,NULL,NULL,NULL,NULL,'anthropic',0,'running',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0);
CREATE TABLE key_usage (
	key_id VARCHAR NOT NULL, 
	day DATE NOT NULL, 
	num_requests INTEGER NOT NULL, 
	num_tokens BIGINT NOT NULL, 
	PRIMARY KEY (key_id, day), 
	CONSTRAINT key_usage_key_id_fkey FOREIGN KEY(key_id) REFERENCES api_keys (id) ON DELETE CASCADE
);
INSERT INTO "key_usage" VALUES('key_1','2026-02-28',1,2147483647);
INSERT INTO "key_usage" VALUES('key_1','9999-12-30',0,0);
CREATE TABLE one_time_tokens (
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	user_id VARCHAR, 
	role VARCHAR, 
	created_by VARCHAR, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT one_time_tokens_created_by_fkey FOREIGN KEY(created_by) REFERENCES users (id), 
	CONSTRAINT one_time_tokens_digest_key UNIQUE (digest)
);
INSERT INTO "one_time_tokens" VALUES('otk_1','invitation','d''1',NULL,'user','user_1','2026-03-29 00:59:59.999999','2026-10-25 01:30:00.120000',NULL);
INSERT INTO "one_time_tokens" VALUES('otk_2','password_reset','d2','user_2',NULL,NULL,'2026-02-28 12:00:00.000000','9999-12-31 23:59:59.999998','2026-10-25 01:30:00.120000');
CREATE TABLE refresh_tokens (
	id VARCHAR NOT NULL, 
	session_id VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	used_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY(session_id) REFERENCES sessions (id), 
	CONSTRAINT refresh_tokens_digest_key UNIQUE (digest)
);
INSERT INTO "refresh_tokens" VALUES('rft_1','ses_1','r1','2026-03-29 00:59:59.999999','2026-10-25 01:30:00.120000');
INSERT INTO "refresh_tokens" VALUES('rft_2','ses_2','r2','1970-01-01 00:00:00.000001',NULL);
CREATE TABLE sessions (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	user_agent VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	revoked_reason VARCHAR, 
	PRIMARY KEY (id), 
	CONSTRAINT sessions_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "sessions" VALUES('ses_1','user_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','::ffff:127.0.0.1','1970-01-01 00:00:00.000001','2026-10-25 01:30:00.120000','2026-03-29 00:59:59.999999','reused');
INSERT INTO "sessions" VALUES('ses_2','user_2','','','2026-02-28 12:00:00.000000','9999-12-31 23:59:59.999998',NULL,NULL);
CREATE TABLE stored_responses (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	key_id VARCHAR, 
	model VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	previous_response_id VARCHAR, 
	status VARCHAR NOT NULL, 
	item_ids VARCHAR NOT NULL, 
	input_items VARCHAR NOT NULL, 
	response VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT stored_responses_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "stored_responses" VALUES('resp_1','user_1','a key that is gone','org/model 数据','2026-03-29 00:59:59.999999','9999-12-31 23:59:59.999998',NULL,'completed',' msg_1 rs_1 fc_1 ','[{"id":"msg_1","type":"message","content":"\u0000 \" 🦙"}]','{"id":"resp_1","output":[]}');
INSERT INTO "stored_responses" VALUES('resp_2','user_2',NULL,'','1970-01-01 00:00:00.000001','2026-02-28 12:00:00.000000','a response that is gone','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','  ','[]','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :nameO''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name');
CREATE TABLE stored_secrets (
	name VARCHAR NOT NULL, 
	sealed VARCHAR NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "stored_secrets" VALUES('huggingface','gAAAAA==','2026-10-25 01:30:00.120000');
INSERT INTO "stored_secrets" VALUES('O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','','2026-02-28 12:00:00.000000');
CREATE TABLE stored_settings (
	name VARCHAR NOT NULL, 
	value JSON NOT NULL, 
	updated_at DATETIME NOT NULL, 
	updated_by VARCHAR, 
	PRIMARY KEY (name)
);
INSERT INTO "stored_settings" VALUES('MLX_SERVER_ALIASES','{"O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name": "\u6570\u636e"}','2026-03-29 00:59:59.999999','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name');
INSERT INTO "stored_settings" VALUES('MLX_SERVER_MAX_MEMORY_GB',1.5,'9999-12-31 23:59:59.999998',NULL);
INSERT INTO "stored_settings" VALUES('MLX_SERVER_PRELOAD','[]','1970-01-01 00:00:00.000001','user_1');
CREATE TABLE users (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_folded VARCHAR NOT NULL, 
	password_digest VARCHAR, 
	role VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	is_builtin BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_sign_in_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT users_name_folded_key UNIQUE (name_folded)
);
INSERT INTO "users" VALUES('user_owner','owner','<Owner>',NULL,'admin','active',1,'2026-11-28 19:09:33.010290',NULL);
INSERT INTO "users" VALUES('user_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','o''brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA','admin','active',0,'1970-01-01 00:00:00.000001','9999-12-31 23:59:59.999998');
INSERT INTO "users" VALUES('user_2','ada','ada',NULL,'user','pending',0,'2026-03-29 00:59:59.999999',NULL);
CREATE INDEX ix_one_time_tokens_user_id ON one_time_tokens (user_id);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id);
CREATE UNIQUE INDEX ix_api_keys_user_name ON api_keys (user_id, name) WHERE revoked_at IS NULL;
CREATE INDEX ix_inference_requests_request_id ON inference_requests (request_id);
CREATE INDEX ix_inference_requests_server_id ON inference_requests (server_id);
CREATE INDEX ix_inference_requests_started_at ON inference_requests (started_at);
CREATE INDEX ix_inference_requests_user_id ON inference_requests (user_id);
CREATE INDEX ix_inference_requests_key_id ON inference_requests (key_id);
CREATE INDEX ix_inference_requests_outcome ON inference_requests (outcome);
CREATE INDEX ix_captured_texts_expires_at ON captured_texts (expires_at);
CREATE INDEX ix_stored_responses_user_id ON stored_responses (user_id);
CREATE INDEX ix_stored_responses_expires_at ON stored_responses (expires_at);
CREATE INDEX ix_downloads_repo_id ON downloads (repo_id);
CREATE INDEX ix_downloads_status ON downloads (status);
CREATE INDEX ix_chat_folders_user_id ON chat_folders (user_id);
CREATE INDEX ix_chats_user_id ON chats (user_id);
CREATE INDEX ix_chats_folder_id ON chats (folder_id);
CREATE INDEX ix_chats_updated_at ON chats (updated_at);
CREATE INDEX ix_chat_messages_chat_id ON chat_messages (chat_id);
CREATE INDEX ix_chat_messages_parent_id ON chat_messages (parent_id);
CREATE INDEX ix_chat_messages_status ON chat_messages (status);
CREATE INDEX ix_chat_attachments_chat_id ON chat_attachments (chat_id);
CREATE INDEX ix_chat_attachments_message_id ON chat_attachments (message_id);
COMMIT;

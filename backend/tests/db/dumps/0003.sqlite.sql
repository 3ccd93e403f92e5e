BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
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
	revoked_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT api_keys_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT api_keys_digest_key UNIQUE (digest)
);
INSERT INTO "api_keys" VALUES('key_1','user_1','laptop','k1','sk-mlx-ab…','["inference", "admin"]','["O''Brien \"quoted\" \\ back;--\n\t\u201czw\u00f6lf\u201d \u6570\u636e\u5e93 \ud83e\udd99 e\u0301 %s :name", "org/model", ""]',0,2147483647,30,'1970-01-01 00:00:00.000001','9999-12-31 23:59:59.999998','2026-03-29 00:59:59.999999',NULL);
INSERT INTO "api_keys" VALUES('key_2','user_1','laptop','k2','','[]','null',NULL,NULL,NULL,'2026-03-29 00:59:59.999999',NULL,NULL,'2026-10-25 01:30:00.120000');
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
INSERT INTO "users" VALUES('user_owner','owner','<Owner>',NULL,'admin','active',1,'2026-11-28 12:14:40.960040',NULL);
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
COMMIT;

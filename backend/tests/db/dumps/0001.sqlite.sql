BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "users" VALUES('user_owner','owner','<Owner>',NULL,'admin','active',1,'2026-11-26 08:28:22.257853',NULL);
INSERT INTO "users" VALUES('user_1','O''Brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','o''brien "quoted" \ back;--
	“zwölf” 数据库 🦙 é %s :name','$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA','admin','active',0,'1970-01-01 00:00:00.000001','9999-12-31 23:59:59.999998');
INSERT INTO "users" VALUES('user_2','ada','ada',NULL,'user','pending',0,'2026-03-29 00:59:59.999999',NULL);
CREATE INDEX ix_one_time_tokens_user_id ON one_time_tokens (user_id);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id);
CREATE UNIQUE INDEX ix_api_keys_user_name ON api_keys (user_id, name) WHERE revoked_at IS NULL;
COMMIT;

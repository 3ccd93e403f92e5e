// Made by `make docs` from the program's OpenAPI document. Do not edit.
export interface paths {
    "/api/v1/auth/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Status
         * @description Whether the first administrator is to be made, and whether credentials are asked for.
         */
        get: operations["auth_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set Up
         * @description Make the first administrator, from this machine or with the token that the terminal shows.
         */
        post: operations["auth_set_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description Ask to be let in; with an invitation one is in at once.
         */
        post: operations["auth_register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign In
         * @description Open a session.
         */
        post: operations["auth_sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh
         * @description Exchange the refresh cookie for a new pair of tokens.
         */
        post: operations["auth_refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign Out
         * @description End the session, of which the refresh cookie is proof enough. Does nothing without one.
         */
        post: operations["auth_sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Me
         * @description Whoever is asking.
         */
        get: operations["auth_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change Password
         * @description Set one's own password; one's other sessions end.
         */
        post: operations["auth_change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset Password
         * @description Set a new password with the token that an administrator gave.
         */
        post: operations["auth_reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Sessions
         * @description One's own open sessions.
         */
        get: operations["auth_list_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End Session
         * @description End one of one's own sessions.
         */
        delete: operations["auth_end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Users
         * @description Everybody, the oldest first.
         */
        get: operations["users_list_users"];
        put?: never;
        /**
         * Create
         * @description Make a user who may come in at once.
         */
        post: operations["users_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}": {
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
        head?: never;
        /**
         * Change
         * @description Give somebody another role.
         */
        patch: operations["users_change"];
        trace?: never;
    };
    "/api/v1/users/{user_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve
         * @description Let in who registered.
         */
        post: operations["users_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Disable
         * @description Keep somebody out from now on: their sessions end and their keys stop working.
         */
        post: operations["users_disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable
         * @description Let somebody in again.
         */
        post: operations["users_enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset Password
         * @description Make the old password worthless, end the user's sessions, and give leave to set a new one.
         */
        post: operations["users_reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Invitations
         * @description Those that can still be accepted.
         */
        get: operations["users_list_invitations"];
        put?: never;
        /**
         * Invite
         * @description Make an invitation; who registers with its token needs no approval.
         */
        post: operations["users_invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/invitations/{invitation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraw Invitation
         * @description Take an invitation back.
         */
        delete: operations["users_withdraw_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Keys
         * @description Keys that have not been revoked.
         */
        get: operations["keys_list_keys"];
        put?: never;
        /**
         * Create
         * @description Make a key; `key` is shown this once.
         */
        post: operations["keys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke
         * @description Make a key worthless for good.
         */
        delete: operations["keys_revoke"];
        options?: never;
        head?: never;
        /**
         * Change
         * @description Change a key's limits, or for how long the text of its requests is kept.
         */
        patch: operations["keys_change"];
        trace?: never;
    };
    "/api/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description What the server is doing.
         */
        get: operations["server_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start
         * @description Let the server run, from now on, and start it where it does not; answers before it is ready.
         */
        post: operations["server_start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop
         * @description End the server and keep it so; answers when it has ended. What runs in it has its grace.
         */
        post: operations["server_stop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart
         * @description End the server and start it again; answers before it is ready.
         */
        post: operations["server_restart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description Events `server`, each with a `ServerView`: the first at once, then whenever it has changed.
         */
        get: operations["server_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Log
         * @description The last entries of a program's log, the oldest first.
         */
        get: operations["server_read_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server/logs/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow Log
         * @description Events `entry`, each with a `LogEntry`: the last ones, then what is written.
         */
        get: operations["server_follow_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Settings
         * @description Every setting, what it is, and which source won: flag, environment, database or default.
         */
        get: operations["settings_list_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change
         * @description Store values, or take stored ones away; all of them or none. What can counts at once.
         */
        patch: operations["settings_change"];
        trace?: never;
    };
    "/api/v1/library/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Every installed model, also those that cannot be used, and whether each fits into memory.
         */
        get: operations["library_list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Model
         * @description One model with its files and its card.
         */
        get: operations["library_get_model"];
        put?: never;
        post?: never;
        /**
         * Delete Model
         * @description Delete a model's files for good; 409 while it is in memory or used, 400 where links lead to it.
         */
        delete: operations["library_delete_model"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library/models/{model_id}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify Model
         * @description Begin to compare a model's files with what they should be; one model at a time.
         */
        post: operations["library_verify_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library/verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Verifications
         * @description Those that run or have ended since the manager started.
         */
        get: operations["library_list_verifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library/verifications/{verification_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Verification
         * @description How far one is, and what it has found.
         */
        get: operations["library_get_verification"];
        put?: never;
        post?: never;
        /**
         * Cancel Verification
         * @description End one that runs; one that is over stays as it is.
         */
        delete: operations["library_cancel_verification"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hub/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Models on the hub, a page of them. Sizes are of the weights; a model of unknown size has none.
         */
        get: operations["hub_list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hub/models/{owner}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Model
         * @description One model: its files, card and licence, what a download would take and refuse, and whether it fits.
         */
        get: operations["hub_get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hub/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Token
         * @description Whether there is a token, where from, and whose.
         */
        get: operations["hub_get_token"];
        /**
         * Put Token
         * @description Keep a token, sealed, once the hub has said whose it is. The environment's still counts before it.
         */
        put: operations["hub_put_token"];
        post?: never;
        /**
         * Delete Token
         * @description Forget the token in the database.
         */
        delete: operations["hub_delete_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Downloads
         * @description Every download: unfinished ones in their order, then finished ones, the last first.
         */
        get: operations["downloads_list_downloads"];
        put?: never;
        /**
         * Create
         * @description Put a model into the queue, at the commit that its revision is now.
         *
         *     Refused at once are a model that the hub does not have or does not let this token read, one that is
         *     unsafe and not allowed, one that is under way already, and one that the disk has no room for.
         */
        post: operations["downloads_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch
         * @description Server-sent events: `download` with a `DownloadView`, `removed` with a `DownloadRemoved`.
         *
         *     All downloads come at first, then those that change, at most four times a second.
         */
        get: operations["downloads_watch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/{download_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get
         * @description A download with its files.
         */
        get: operations["downloads_get"];
        put?: never;
        post?: never;
        /**
         * Forget
         * @description Forget a finished download; a model that it has brought stays.
         */
        delete: operations["downloads_forget"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/{download_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause
         * @description Let it rest. What has come stays and is not fetched again.
         */
        post: operations["downloads_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/{download_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume
         * @description Let a paused one go on when its turn comes.
         */
        post: operations["downloads_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/{download_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel
         * @description Give it up; what has come is thrown away.
         */
        post: operations["downloads_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/{download_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry
         * @description Try again what has failed, or what waits to be tried, now. What was cancelled begins anew.
         */
        post: operations["downloads_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downloads/{download_id}/first": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put First
         * @description Let it be the next of those that wait.
         */
        post: operations["downloads_put_first"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/folders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Folders
         * @description One's folders, by their names.
         */
        get: operations["chats_list_folders"];
        put?: never;
        /**
         * Create Folder
         * @description Make a folder. Several may have the same name.
         */
        post: operations["chats_create_folder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/folders/{folder_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Folder
         * @description Delete a folder; its chats stay, in no folder, or go with it.
         */
        delete: operations["chats_delete_folder"];
        options?: never;
        head?: never;
        /**
         * Change Folder
         * @description Give a folder another name.
         */
        patch: operations["chats_change_folder"];
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Chat
         * @description A chat as a file: as JSON, which an import takes again, or as Markdown of the path that is shown.
         */
        get: operations["chats_export_chat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Chat
         * @description A chat of one's own from an export.
         */
        post: operations["chats_import_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Chats
         * @description One's chats, the newest first, by page.
         */
        get: operations["chats_list_chats"];
        put?: never;
        /**
         * Create Chat
         * @description Begin a chat. Nothing is asked of the model yet.
         */
        post: operations["chats_create_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch Chats
         * @description What changes of one's chats, as it happens: `change` (`ChangeEvent`), and `resync` (`ResyncEvent`).
         *
         *     A stream begins with `resync` unless it goes on after its `Last-Event-ID` without a gap.
         */
        get: operations["chats_watch_chats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Chat
         * @description A chat with the messages of the path that is shown, or with all.
         */
        get: operations["chats_get_chat"];
        put?: never;
        post?: never;
        /**
         * Delete Chat
         * @description Delete a chat with all that is in it; what is being written in it is stopped.
         */
        delete: operations["chats_delete_chat"];
        options?: never;
        head?: never;
        /**
         * Change Chat
         * @description Change what is stated, and leave the rest.
         */
        patch: operations["chats_change_chat"];
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/branch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Branch Chat
         * @description A new chat with a copy of the path up to and with a message; the old one stays as it is.
         */
        post: operations["chats_branch_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send Message
         * @description Say something, or give a tool's result. The answer is written whoever listens, and whoever leaves.
         */
        post: operations["chats_send_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages/{message_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Message
         * @description One message.
         */
        get: operations["chats_get_message"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages/{message_id}/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Edit Message
         * @description Say one's message in other words. The old one stays beside it, with all that followed.
         */
        post: operations["chats_edit_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages/{message_id}/regenerate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Regenerate Message
         * @description Another answer beside this one; of a user's or a tool's message, an answer to it.
         */
        post: operations["chats_regenerate_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages/{message_id}/continue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Continue Message
         * @description Go on with an answer that was stopped, interrupted or cut off by its length, in the same message.
         */
        post: operations["chats_continue_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages/{message_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop Message
         * @description Stop an answer and keep what has come of it. One that has ended is left as it is.
         */
        post: operations["chats_stop_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/messages/{message_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch Message
         * @description An answer as it is written: what there is after a piece, then what comes, then its end.
         *
         *     Events are `piece` (`PieceEvent`, with its number as the event's id), `phase` (`PhaseEvent`), and one at
         *     the end: `end` (`MessageView`, the whole message) or `deleted` (`DeletedEvent`). Of a message that has
         *     ended there is the end alone. What a piece adds was stored before anybody is shown it.
         */
        get: operations["chats_watch_message"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Attachments
         * @description A chat's attachments, those that wait to be sent and those that were.
         */
        get: operations["chats_list_attachments"];
        put?: never;
        /**
         * Create Attachment
         * @description Keep a text file for the next message; it is sent by naming its id.
         */
        post: operations["chats_create_attachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{chat_id}/attachments/{attachment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Attachment
         * @description An attachment with its text.
         */
        get: operations["chats_get_attachment"];
        put?: never;
        post?: never;
        /**
         * Delete Attachment
         * @description Delete one that was not sent.
         */
        delete: operations["chats_delete_attachment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch
         * @description Everything that changes, in one stream; `LiveEvents` names each event's data.
         *
         *     - `server`: a `ServerView`, at first and when it has changed.
         *     - `inference`: an `InferenceEvent`; then `model` (a `ModelEvent`), `memory` (a `MemoryEvent`) and, for who
         *       has the scope `admin`, `request` (a `RequestEvent`), all at first and again after each connection.
         *     - `download`: a `DownloadView`, all at first; `download_removed`: a `DownloadRemoved`.
         *     - `chat`: a `ChangeEvent` of one's own chats; `chat_resync`: a `ResyncEvent`, at first and where some were
         *       missed.
         *     - `library`: a `LibraryEvent`.
         *
         *     What changes often is told four times a second at most; who reads slowly gets the newest of each.
         */
        get: operations["live_watch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description Versions, where the data is, and the licences of what the program needs.
         */
        get: operations["about_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/about/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Report
         * @description What the doctor found last; where it has not looked yet it does, which takes seconds.
         */
        get: operations["about_read_report"];
        put?: never;
        /**
         * Examine
         * @description Let the doctor look anew, and answer when it has; one examination at a time for everybody.
         */
        post: operations["about_examine"];
        delete?: never;
        options?: never;
        head?: never;
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
         * @description Whether the process is alive.
         */
        get: operations["program_health"];
        put?: never;
        post?: never;
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
         * @description What has happened and what is now, in Prometheus' text format or OpenMetrics.
         */
        get: operations["program_metrics"];
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
         * AboutView
         * @description What this installation is.
         */
        AboutView: {
            versions: components["schemas"]["Versions"];
            /**
             * System
             * @description the operating system with its release
             */
            system: string;
            /**
             * Machine
             * @description the kind of processor
             */
            machine: string;
            /**
             * Home
             * @description the folder of data and logs
             */
            home: string;
            /**
             * Database
             * @enum {string}
             */
            database: "sqlite" | "postgresql";
            /**
             * Licences
             * @description by name
             */
            licences: components["schemas"]["LicenceView"][];
        };
        /**
         * AnswerUsage
         * @description What an answer took, as the server counted it; null is what it did not say.
         */
        AnswerUsage: {
            /** Prompt Tokens */
            prompt_tokens: number | null;
            /**
             * Cached Tokens
             * @description Of the prompt, those that need not be read.
             */
            cached_tokens: number | null;
            /** Completion Tokens */
            completion_tokens: number | null;
            /** Reasoning Tokens */
            reasoning_tokens: number | null;
            /** Queue S */
            queue_s: number | null;
            /** Prefill S */
            prefill_s: number | null;
            /** Time To First Token S */
            time_to_first_token_s: number | null;
            /** Total S */
            total_s: number | null;
            /** Tokens Per Second */
            tokens_per_second: number | null;
        };
        /**
         * Answering
         * @description How an answer is to be made once more; what is left out is the chat's.
         */
        Answering: {
            /** Model */
            model?: string | null;
            parameters?: components["schemas"]["GenerationParameters"] | null;
        };
        /**
         * AttachmentList
         * @description A chat's attachments, the oldest first.
         */
        AttachmentList: {
            /** Data */
            data: components["schemas"]["AttachmentView"][];
        };
        /**
         * AttachmentView
         * @description A text file that goes along with a message; its name is a name and never a path.
         */
        AttachmentView: {
            /** Id */
            id: string;
            /**
             * Message Id
             * @description Null until it is sent.
             */
            message_id: string | null;
            /** Name */
            name: string;
            /** Media Type */
            media_type: string;
            /**
             * Size Bytes
             * @description Of the text in UTF-8.
             */
            size_bytes: number;
            /** Sha256 */
            sha256: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * AttachmentWithText
         * @description An attachment with its text.
         */
        AttachmentWithText: {
            /** Id */
            id: string;
            /**
             * Message Id
             * @description Null until it is sent.
             */
            message_id: string | null;
            /** Name */
            name: string;
            /** Media Type */
            media_type: string;
            /**
             * Size Bytes
             * @description Of the text in UTF-8.
             */
            size_bytes: number;
            /** Sha256 */
            sha256: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Text */
            text: string;
        };
        /**
         * Authority
         * @description Who says what the files should be.
         *
         *     Attributes:
         *         HUB: the hub, for the very commit.
         *         DOWNLOAD: what was written down when they were downloaded: in the Hugging Face cache the names of the
         *             blobs, which are their hashes, elsewhere the notes beside the files.
         *         NOBODY: nothing is known of them.
         * @enum {string}
         */
        Authority: "hub" | "download" | "nobody";
        /**
         * CalledCustom
         * @description The same of a tool that is given text.
         */
        CalledCustom: {
            /** Name */
            name: string;
            /** Input */
            input: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * CalledFunction
         * @description What a call calls, with its arguments as the model wrote them: JSON as a rule.
         */
        CalledFunction: {
            /** Name */
            name: string;
            /** Arguments */
            arguments: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * Caller
         * @description Whoever is asking, and what the credential they sent is good for.
         */
        Caller: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            role: components["schemas"]["Role"];
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Key Id */
            key_id: string | null;
            /** Session Id */
            session_id: string | null;
        };
        /**
         * Capability
         * @description What a model can be asked for, told by its files.
         * @enum {string}
         */
        Capability: "chat" | "tools" | "reasoning" | "vision" | "audio" | "embeddings" | "infill";
        /**
         * ChatChange
         * @description What can be changed about a chat; what is left out stays.
         *
         *     `parameters` replaces all of them. `shown_message_id` may be any message: the newest end of what follows
         *     it is shown.
         */
        ChatChange: {
            /** Title */
            title?: string | null;
            /** Folder Id */
            folder_id?: string | null;
            /** Model */
            model?: string | null;
            /** System Prompt */
            system_prompt?: string | null;
            parameters?: components["schemas"]["GenerationParameters"] | null;
            /** Is Pinned */
            is_pinned?: boolean | null;
            /** Shown Message Id */
            shown_message_id?: string | null;
        };
        /**
         * ChatList
         * @description A page of one's chats, the newest first.
         */
        ChatList: {
            /** Data */
            data: components["schemas"]["ListedChat"][];
            /**
             * Next Cursor
             * @description For the next page; null on the last one.
             */
            next_cursor: string | null;
        };
        /**
         * ChatMatch
         * @description Where a search found something in what was said.
         */
        ChatMatch: {
            /** Message Id */
            message_id: string;
            /**
             * Snippet
             * @description The place with some words around it, in one line.
             */
            snippet: string;
        };
        /**
         * ChatView
         * @description A chat without its messages.
         */
        ChatView: {
            /** Id */
            id: string;
            /** Folder Id */
            folder_id: string | null;
            /**
             * Title
             * @description Empty until something was said, unless one was given.
             */
            title: string;
            /**
             * Model
             * @description Whom the next message goes to.
             */
            model: string;
            /** System Prompt */
            system_prompt: string;
            /** Parameters */
            parameters: components["schemas"]["GenerationParameters"];
            /**
             * Shown Message Id
             * @description The last message of the path that is shown.
             */
            shown_message_id: string | null;
            /** Is Pinned */
            is_pinned: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             * @description When something was last said in it.
             */
            updated_at: string;
        };
        /**
         * ChatWithMessages
         * @description A chat with the messages of the shown path in their order, or with all of them, the oldest first.
         */
        ChatWithMessages: {
            /** Id */
            id: string;
            /** Folder Id */
            folder_id: string | null;
            /**
             * Title
             * @description Empty until something was said, unless one was given.
             */
            title: string;
            /**
             * Model
             * @description Whom the next message goes to.
             */
            model: string;
            /** System Prompt */
            system_prompt: string;
            /** Parameters */
            parameters: components["schemas"]["GenerationParameters"];
            /**
             * Shown Message Id
             * @description The last message of the path that is shown.
             */
            shown_message_id: string | null;
            /** Is Pinned */
            is_pinned: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             * @description When something was last said in it.
             */
            updated_at: string;
            /** Messages */
            messages: components["schemas"]["MessageView"][];
        };
        /**
         * CreatedInvitation
         * @description An invitation with its token, which is not shown again.
         */
        CreatedInvitation: {
            /** Id */
            id: string;
            role: components["schemas"]["Role"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Token */
            token: string;
        };
        /**
         * CreatedKey
         * @description A key with what is to be sent, which is not shown again.
         */
        CreatedKey: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Hint */
            hint: string;
            /** User Id */
            user_id: string;
            /** User Name */
            user_name: string;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Models */
            models: string[] | null;
            /** Requests Per Minute */
            requests_per_minute: number | null;
            /** Tokens Per Day */
            tokens_per_day: number | null;
            /** Capture Days */
            capture_days: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Last Used At */
            last_used_at: string | null;
            /** Key */
            key: string;
        };
        /**
         * CreatedUser
         * @description The user, and where no password was given leave to set one.
         */
        CreatedUser: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            role: components["schemas"]["Role"];
            status: components["schemas"]["UserStatus"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Last Sign In At */
            last_sign_in_at: string | null;
            password_token: components["schemas"]["PasswordToken"] | null;
        };
        /**
         * Credentials
         * @description A name, which may be spelt in any case, and its password.
         */
        Credentials: {
            /** Name */
            name: string;
            /**
             * Password
             * Format: password
             */
            password: string;
        };
        /**
         * DeletedModel
         * @description A model that is gone.
         */
        DeletedModel: {
            /** Id */
            id: string;
            /**
             * Path
             * @description the folder that was removed
             */
            path: string;
            /** Freed Bytes */
            freed_bytes: number;
        };
        /**
         * DoctorFinding
         * @description One thing that was looked at.
         */
        DoctorFinding: {
            /**
             * Check
             * @description what was looked at, such as `memory`; may come more than once
             */
            check: string;
            /** @description a problem keeps something from working, a warning makes it worse */
            level: components["schemas"]["Level"];
            /**
             * Message
             * @description what was found
             */
            message: string;
            /**
             * Advice
             * @description what to do about it; empty where all is well
             */
            advice: string;
        };
        /**
         * DoctorReport
         * @description What `mlx-manager doctor` finds, the demo model included.
         */
        DoctorReport: {
            /**
             * Examined At
             * Format: date-time
             */
            examined_at: string;
            /** Version */
            version: string;
            /** @description the worst that was found */
            status: components["schemas"]["Level"];
            /** Findings */
            findings: components["schemas"]["DoctorFinding"][];
        };
        /**
         * DownloadDetails
         * @description A download with its files.
         */
        DownloadDetails: {
            /** Id */
            id: string;
            /** Repo Id */
            repo_id: string;
            /** Revision */
            revision: string;
            /**
             * Commit Hash
             * @description what the revision was when it was asked for
             */
            commit_hash: string | null;
            status: components["schemas"]["DownloadStatus"];
            /**
             * Done Bytes
             * @description that are here, of files that are verified and of others
             */
            done_bytes: number;
            /** Total Bytes */
            total_bytes: number;
            /** Num Files */
            num_files: number;
            /**
             * Num Files Done
             * @description files that are whole with the right hash
             */
            num_files_done: number;
            /**
             * Bytes Per S
             * @description over the last seconds; null where it does not run
             */
            bytes_per_s: number | null;
            /**
             * Eta S
             * @description seconds left at this speed; null where that cannot be told
             */
            eta_s: number | null;
            error: components["schemas"]["DownloadError"] | null;
            /**
             * Num Attempts
             * @description failures in a row that may pass
             */
            num_attempts: number;
            /**
             * Retry At
             * @description when a waiting one is tried again by itself
             */
            retry_at: string | null;
            /**
             * Position
             * @description the least is next
             */
            position: number;
            /** Allow Pickle */
            allow_pickle: boolean;
            /** Allow Code */
            allow_code: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Finished At */
            finished_at: string | null;
            /** Files */
            files: components["schemas"]["DownloadFileView"][];
        };
        /**
         * DownloadError
         * @description What failed last.
         */
        DownloadError: {
            /**
             * Code
             * @description one of the error codes of this API
             */
            code: string;
            /** Message */
            message: string;
        };
        /**
         * DownloadFileView
         * @description A file of a download.
         */
        DownloadFileView: {
            /** Path */
            path: string;
            /** Size Bytes */
            size_bytes: number;
            /** Done Bytes */
            done_bytes: number;
            state: components["schemas"]["FileState"];
            /** Sha256 */
            sha256: string | null;
            /** Git Sha1 */
            git_sha1: string | null;
        };
        /**
         * DownloadList
         * @description Unfinished ones in their order, then finished ones, the last first.
         */
        DownloadList: {
            /** Data */
            data: components["schemas"]["DownloadView"][];
        };
        /**
         * DownloadStatus
         * @description What a download is doing.
         * @enum {string}
         */
        DownloadStatus: "queued" | "running" | "paused" | "waiting" | "failed" | "completed" | "cancelled";
        /**
         * DownloadView
         * @description A download as it is now.
         */
        DownloadView: {
            /** Id */
            id: string;
            /** Repo Id */
            repo_id: string;
            /** Revision */
            revision: string;
            /**
             * Commit Hash
             * @description what the revision was when it was asked for
             */
            commit_hash: string | null;
            status: components["schemas"]["DownloadStatus"];
            /**
             * Done Bytes
             * @description that are here, of files that are verified and of others
             */
            done_bytes: number;
            /** Total Bytes */
            total_bytes: number;
            /** Num Files */
            num_files: number;
            /**
             * Num Files Done
             * @description files that are whole with the right hash
             */
            num_files_done: number;
            /**
             * Bytes Per S
             * @description over the last seconds; null where it does not run
             */
            bytes_per_s: number | null;
            /**
             * Eta S
             * @description seconds left at this speed; null where that cannot be told
             */
            eta_s: number | null;
            error: components["schemas"]["DownloadError"] | null;
            /**
             * Num Attempts
             * @description failures in a row that may pass
             */
            num_attempts: number;
            /**
             * Retry At
             * @description when a waiting one is tried again by itself
             */
            retry_at: string | null;
            /**
             * Position
             * @description the least is next
             */
            position: number;
            /** Allow Pickle */
            allow_pickle: boolean;
            /** Allow Code */
            allow_code: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Finished At */
            finished_at: string | null;
        };
        /**
         * EditedMessage
         * @description A user's message in other words. Its attachments go along unless others are named.
         */
        EditedMessage: {
            /** Model */
            model?: string | null;
            parameters?: components["schemas"]["GenerationParameters"] | null;
            /** Content */
            content: string;
            /** Attachment Ids */
            attachment_ids?: string[] | null;
        };
        /**
         * ExportedCall
         * @description A tool call, as in OpenAI's chat completions.
         */
        ExportedCall: {
            /** Id */
            id: string;
            /**
             * Type
             * @default function
             * @enum {string}
             */
            type?: "function" | "custom";
            function?: components["schemas"]["ExportedFunction"] | null;
            custom?: components["schemas"]["ExportedCustom"] | null;
        };
        /**
         * ExportedChat
         * @description A chat; each message stands after the one that it follows.
         */
        ExportedChat: {
            /**
             * Format
             * @default mlx-manager.chat
             * @constant
             */
            format?: "mlx-manager.chat";
            /**
             * Version
             * @default 1
             * @constant
             */
            version?: 1;
            /**
             * Title
             * @default
             */
            title?: string | "";
            /** Model */
            model: string;
            /**
             * System Prompt
             * @default
             */
            system_prompt?: string;
            /** @default {} */
            parameters?: components["schemas"]["GenerationParameters"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Shown Message Id */
            shown_message_id?: string | null;
            /**
             * Messages
             * @default []
             */
            messages?: components["schemas"]["ExportedMessage"][];
        };
        /**
         * ExportedCustom
         * @description The same of a tool that is given text.
         */
        ExportedCustom: {
            /** Name */
            name: string;
            /** Input */
            input: string;
        };
        /**
         * ExportedError
         * @description Why an answer failed.
         */
        ExportedError: {
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Param */
            param?: string | null;
        };
        /**
         * ExportedFunction
         * @description What a call calls, with its arguments as the model wrote them.
         */
        ExportedFunction: {
            /** Name */
            name: string;
            /** Arguments */
            arguments: string;
        };
        /**
         * ExportedMessage
         * @description A message; its id means something within the file only.
         */
        ExportedMessage: {
            /** Id */
            id: string;
            /** Parent Id */
            parent_id?: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "assistant" | "tool";
            /** @default complete */
            status?: components["schemas"]["MessageStatus"];
            /**
             * Content
             * @default
             */
            content?: string;
            /**
             * Reasoning
             * @default
             */
            reasoning?: string;
            /** Tool Calls */
            tool_calls?: components["schemas"]["ExportedCall"][] | null;
            /** Tool Call Id */
            tool_call_id?: string | null;
            /** Model */
            model?: string | null;
            /** Finish Reason */
            finish_reason?: string | null;
            error?: components["schemas"]["ExportedError"] | null;
            usage?: components["schemas"]["ExportedUsage"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Attachments
             * @default []
             */
            attachments?: components["schemas"]["NewAttachment"][];
        };
        /**
         * ExportedUsage
         * @description What an answer took; see `AnswerUsage`.
         */
        ExportedUsage: {
            /** Prompt Tokens */
            prompt_tokens?: number | null;
            /** Cached Tokens */
            cached_tokens?: number | null;
            /** Completion Tokens */
            completion_tokens?: number | null;
            /** Reasoning Tokens */
            reasoning_tokens?: number | null;
            /** Queue S */
            queue_s?: number | null;
            /** Prefill S */
            prefill_s?: number | null;
            /** Time To First Token S */
            time_to_first_token_s?: number | null;
            /** Total S */
            total_s?: number | null;
            /** Tokens Per Second */
            tokens_per_second?: number | null;
        };
        /**
         * FileResult
         * @description What was found of a file.
         *
         *     Attributes:
         *         OK: it is what it should be.
         *         DIFFERS: it is not: damaged, or changed.
         *         MISSING: the model has it on the hub, and it is not here; it may have been left out on purpose.
         *         UNKNOWN: nobody says what it should be.
         *         UNREADABLE: it cannot be read.
         * @enum {string}
         */
        FileResult: "ok" | "differs" | "missing" | "unknown" | "unreadable";
        /**
         * FileResultView
         * @description What was found of a file.
         */
        FileResultView: {
            /** Path */
            path: string;
            /** @description `ok`; `differs`: damaged or changed; `missing`: left out, or lost; `unknown`: nobody says what it should be; `unreadable` */
            result: components["schemas"]["FileResult"];
        };
        /**
         * FileState
         * @description What has come of a file.
         * @enum {string}
         */
        FileState: "pending" | "partial" | "done";
        /**
         * FolderChange
         * @description A folder's name, for a new one or an old one.
         */
        FolderChange: {
            /** Name */
            name: string;
        };
        /**
         * FolderList
         * @description One's folders, by their names.
         */
        FolderList: {
            /** Data */
            data: components["schemas"]["FolderView"][];
        };
        /**
         * FolderView
         * @description A folder of chats.
         */
        FolderView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * GenerationParameters
         * @description Null, or nothing at all, leaves a parameter to the model's own default.
         */
        GenerationParameters: {
            /** Temperature */
            temperature?: number | null;
            /** Top P */
            top_p?: number | null;
            /** Top K */
            top_k?: number | null;
            /** Min P */
            min_p?: number | null;
            /** Max Tokens */
            max_tokens?: number | null;
            /** Max Completion Tokens */
            max_completion_tokens?: number | null;
            /** Seed */
            seed?: number | null;
            /** Stop */
            stop?: string | string[] | null;
            /** Presence Penalty */
            presence_penalty?: number | null;
            /** Frequency Penalty */
            frequency_penalty?: number | null;
            /** Repetition Penalty */
            repetition_penalty?: number | null;
            /** Logit Bias */
            logit_bias?: {
                [key: string]: unknown;
            } | null;
            /** Reasoning Effort */
            reasoning_effort?: string | null;
            /** Enable Thinking */
            enable_thinking?: boolean | null;
            /** Thinking Budget */
            thinking_budget?: number | null;
            /** Response Format */
            response_format?: {
                [key: string]: unknown;
            } | null;
            /** Tools */
            tools?: {
                [key: string]: unknown;
            }[] | null;
            /** Tool Choice */
            tool_choice?: string | {
                [key: string]: unknown;
            } | null;
            /** Parallel Tool Calls */
            parallel_tool_calls?: boolean | null;
            /** Chat Template Kwargs */
            chat_template_kwargs?: {
                [key: string]: unknown;
            } | null;
            /** Ignore Eos */
            ignore_eos?: boolean | null;
            /** Priority */
            priority?: ("interactive" | "background") | null;
            /** Timeout */
            timeout?: number | null;
            /** Keep Alive */
            keep_alive?: number | string | null;
        };
        /**
         * GivesWay
         * @description What gives way so that a model fits.
         *
         *     Attributes:
         *         KEPT_PROMPTS: fewer computed prompts are kept than the settings allow; long prompts are read again.
         *         CONTEXT: so many requests of that length do not run at once; they wait for one another, or are
         *             refused where even one is too long.
         *         OTHER_MODELS: models that are loaded now have to go, or to give back what their caches do not use.
         *         OTHER_PROGRAMS: other programs hold memory that the budget counts on.
         * @enum {string}
         */
        GivesWay: "kept_prompts" | "context" | "other_models" | "other_programs";
        /**
         * Health
         * @description The program lives.
         */
        Health: {
            /**
             * Status
             * @constant
             */
            status: "healthy";
            /** Version */
            version: string;
        };
        /**
         * HubFileView
         * @description A file of a model.
         */
        HubFileView: {
            /** Path */
            path: string;
            /** Size Bytes */
            size_bytes: number;
            /**
             * Sha256
             * @description of its content where it is large
             */
            sha256: string | null;
            /**
             * Git Sha1
             * @description git's hash of it as a blob where it is small
             */
            git_sha1: string | null;
            /**
             * Is Wanted
             * @description whether a download takes it
             */
            is_wanted: boolean;
        };
        /**
         * HubModelDetails
         * @description One model at one revision.
         */
        HubModelDetails: {
            /**
             * Id
             * @description `owner/name`, which a download is asked for by
             */
            id: string;
            /** Author */
            author: string;
            /**
             * Downloads
             * @description in the last 30 days
             */
            downloads: number;
            /** Likes */
            likes: number;
            /** Created At */
            created_at: string | null;
            /** Updated At */
            updated_at: string | null;
            /** Tags */
            tags: string[];
            /**
             * Task
             * @description what the hub calls its pipeline, such as `text-generation`
             */
            task: string | null;
            /**
             * Family
             * @description config.json's `model_type`, such as `qwen3`
             */
            family: string | null;
            /**
             * Quantization
             * @description such as `4-bit`, `mxfp4` or `bf16`; null where it is not told
             */
            quantization: string | null;
            /**
             * Size Bytes
             * @description of its weights; null where the hub does not tell
             */
            size_bytes: number | null;
            /** Is Gated */
            is_gated: boolean;
            /** Is Mlx */
            is_mlx: boolean;
            /** Licence */
            licence: string | null;
            /**
             * Is Installed
             * @description whether it is here already; null where that is not known
             */
            is_installed: boolean | null;
            /** Revision */
            revision: string;
            /** Commit Hash */
            commit_hash: string;
            /** Gated */
            gated: ("auto" | "manual") | null;
            /**
             * Has Access
             * @description whether the token that counts may read its files
             */
            has_access: boolean;
            /** Files */
            files: components["schemas"]["HubFileView"][];
            /**
             * Download Bytes
             * @description of all files that a download takes, with nothing allowed
             */
            download_bytes: number;
            /**
             * Context Length
             * @description the most tokens of a prompt and its answer
             */
            context_length: number | null;
            /**
             * Config
             * @description config.json
             */
            config: {
                [key: string]: unknown;
            };
            /**
             * Card
             * @description Markdown of strangers, without its front matter; may hold HTML
             */
            card: string | null;
            /**
             * Card Data
             * @description the card's front matter
             */
            card_data: {
                [key: string]: unknown;
            };
            /**
             * Is Card Cut
             * @description whether the card was longer than 256 KiB, of which this is the start
             */
            is_card_cut: boolean;
            refusal: components["schemas"]["RefusalView"];
            /** @description null where it cannot be estimated */
            memory_fit: components["schemas"]["MemoryView"] | null;
        };
        /**
         * HubModelList
         * @description A page of models. One with fewer than were asked for, even with none, may have a next one.
         */
        HubModelList: {
            /** Data */
            data: components["schemas"]["HubModelView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * HubModelView
         * @description A model on the hub, as a list shows it.
         */
        HubModelView: {
            /**
             * Id
             * @description `owner/name`, which a download is asked for by
             */
            id: string;
            /** Author */
            author: string;
            /**
             * Downloads
             * @description in the last 30 days
             */
            downloads: number;
            /** Likes */
            likes: number;
            /** Created At */
            created_at: string | null;
            /** Updated At */
            updated_at: string | null;
            /** Tags */
            tags: string[];
            /**
             * Task
             * @description what the hub calls its pipeline, such as `text-generation`
             */
            task: string | null;
            /**
             * Family
             * @description config.json's `model_type`, such as `qwen3`
             */
            family: string | null;
            /**
             * Quantization
             * @description such as `4-bit`, `mxfp4` or `bf16`; null where it is not told
             */
            quantization: string | null;
            /**
             * Size Bytes
             * @description of its weights; null where the hub does not tell
             */
            size_bytes: number | null;
            /** Is Gated */
            is_gated: boolean;
            /** Is Mlx */
            is_mlx: boolean;
            /** Licence */
            licence: string | null;
            /**
             * Is Installed
             * @description whether it is here already; null where that is not known
             */
            is_installed: boolean | null;
        };
        /**
         * HubTokenView
         * @description What is known of the token that the hub is asked with; never the token.
         */
        HubTokenView: {
            /** Is Set */
            is_set: boolean;
            /** @description the environment's `HF_TOKEN` counts before the database */
            source: components["schemas"]["TokenSource"] | null;
            /**
             * User Name
             * @description whose it is; null where the hub does not say
             */
            user_name: string | null;
            /**
             * Fault
             * @description why it is not known whose it is
             */
            fault: string | null;
        };
        /**
         * InvitationList
         * @description The invitations that still hold.
         */
        InvitationList: {
            /** Data */
            data: components["schemas"]["InvitationView"][];
        };
        /**
         * InvitationView
         * @description An invitation that nobody has accepted yet.
         */
        InvitationView: {
            /** Id */
            id: string;
            role: components["schemas"]["Role"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
        };
        /**
         * KeyChange
         * @description What can be changed about a key; null takes a limit away.
         */
        KeyChange: {
            /** Models */
            models?: string[] | null;
            /** Requests Per Minute */
            requests_per_minute?: number | null;
            /** Tokens Per Day */
            tokens_per_day?: number | null;
            /** Capture Days */
            capture_days?: number | null;
        };
        /**
         * KeyList
         * @description Keys that have not been revoked.
         */
        KeyList: {
            /** Data */
            data: components["schemas"]["KeyView"][];
        };
        /**
         * KeyView
         * @description A key, without what it is.
         */
        KeyView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Hint */
            hint: string;
            /** User Id */
            user_id: string;
            /** User Name */
            user_name: string;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Models */
            models: string[] | null;
            /** Requests Per Minute */
            requests_per_minute: number | null;
            /** Tokens Per Day */
            tokens_per_day: number | null;
            /** Capture Days */
            capture_days: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Last Used At */
            last_used_at: string | null;
        };
        /**
         * Level
         * @description How bad it is. A problem keeps something from working; a warning makes it worse than it could be.
         * @enum {string}
         */
        Level: "ok" | "warning" | "problem";
        /**
         * LibraryModelDetail
         * @description An installed model with its files and its card.
         */
        LibraryModelDetail: {
            /**
             * Id
             * @description the name that requests use
             */
            id: string;
            /** Path */
            path: string;
            /**
             * Adapter Path
             * @description a LoRA adapter that is applied to it
             */
            adapter_path: string | null;
            source: components["schemas"]["ModelSource"];
            /**
             * Commit
             * @description of the hub's repository, where it is in the Hugging Face cache
             */
            commit: string | null;
            /**
             * Status
             * @description `unloaded`, `loading`, `loaded`, `draining`, `failed`, `incomplete` where files are missing, `unknown` where the server does not run
             */
            status: string;
            /**
             * Progress
             * @description of a load, from 0 to 1
             */
            progress: number | null;
            /**
             * Reason
             * @description why it has failed or cannot be used
             */
            reason: string | null;
            /**
             * Pinned
             * @description whether it stays in memory; null where no server says it
             */
            pinned: boolean | null;
            /**
             * Leases
             * @description requests that use it now
             */
            leases: number | null;
            /**
             * Waiting
             * @description requests that wait for it
             */
            waiting: number | null;
            /** Family */
            family: string | null;
            /** Parameters */
            parameters: number | null;
            /** @description null where its weights are not packed */
            quantization: components["schemas"]["QuantizationView"] | null;
            /** Context Length */
            context_length: number | null;
            /** Capabilities */
            capabilities: components["schemas"]["Capability"][];
            /** License */
            license: string | null;
            /**
             * Tool Format
             * @description how it writes tool calls
             */
            tool_format: string | null;
            /**
             * Reasoning Format
             * @description how it writes its reasoning
             */
            reasoning_format: string | null;
            /**
             * Size Bytes
             * @description what it takes on the disk; files under two names count once
             */
            size_bytes: number;
            /** Aliases */
            aliases: string[];
            /**
             * Duplicates
             * @description folders that are hidden because of the same id
             */
            duplicates: string[];
            /** Last Used At */
            last_used_at: string | null;
            /** @description whether it fits; null where it cannot be used */
            memory: components["schemas"]["MemoryView"] | null;
            /** Can Delete */
            can_delete: boolean;
            /**
             * Kept By
             * @description why it cannot be deleted now
             */
            kept_by: string | null;
            /**
             * Kept By Code
             * @description the error that deleting it would give
             */
            kept_by_code: string | null;
            /** Files */
            files: components["schemas"]["ModelFileView"][];
            /**
             * Card
             * @description its README.md, or the beginning of it; untrusted markdown
             */
            card: string | null;
            /** Card Is Cut */
            card_is_cut: boolean;
            machine: components["schemas"]["MachineView"];
        };
        /**
         * LibraryModelList
         * @description Installed models, and the machine that their fit was reckoned for.
         */
        LibraryModelList: {
            /** Data */
            data: components["schemas"]["LibraryModelView"][];
            machine: components["schemas"]["MachineView"];
        };
        /**
         * LibraryModelView
         * @description An installed model; of one that cannot be used `reason` says why.
         */
        LibraryModelView: {
            /**
             * Id
             * @description the name that requests use
             */
            id: string;
            /** Path */
            path: string;
            /**
             * Adapter Path
             * @description a LoRA adapter that is applied to it
             */
            adapter_path: string | null;
            source: components["schemas"]["ModelSource"];
            /**
             * Commit
             * @description of the hub's repository, where it is in the Hugging Face cache
             */
            commit: string | null;
            /**
             * Status
             * @description `unloaded`, `loading`, `loaded`, `draining`, `failed`, `incomplete` where files are missing, `unknown` where the server does not run
             */
            status: string;
            /**
             * Progress
             * @description of a load, from 0 to 1
             */
            progress: number | null;
            /**
             * Reason
             * @description why it has failed or cannot be used
             */
            reason: string | null;
            /**
             * Pinned
             * @description whether it stays in memory; null where no server says it
             */
            pinned: boolean | null;
            /**
             * Leases
             * @description requests that use it now
             */
            leases: number | null;
            /**
             * Waiting
             * @description requests that wait for it
             */
            waiting: number | null;
            /** Family */
            family: string | null;
            /** Parameters */
            parameters: number | null;
            /** @description null where its weights are not packed */
            quantization: components["schemas"]["QuantizationView"] | null;
            /** Context Length */
            context_length: number | null;
            /** Capabilities */
            capabilities: components["schemas"]["Capability"][];
            /** License */
            license: string | null;
            /**
             * Tool Format
             * @description how it writes tool calls
             */
            tool_format: string | null;
            /**
             * Reasoning Format
             * @description how it writes its reasoning
             */
            reasoning_format: string | null;
            /**
             * Size Bytes
             * @description what it takes on the disk; files under two names count once
             */
            size_bytes: number;
            /** Aliases */
            aliases: string[];
            /**
             * Duplicates
             * @description folders that are hidden because of the same id
             */
            duplicates: string[];
            /** Last Used At */
            last_used_at: string | null;
            /** @description whether it fits; null where it cannot be used */
            memory: components["schemas"]["MemoryView"] | null;
            /** Can Delete */
            can_delete: boolean;
            /**
             * Kept By
             * @description why it cannot be deleted now
             */
            kept_by: string | null;
            /**
             * Kept By Code
             * @description the error that deleting it would give
             */
            kept_by_code: string | null;
        };
        /**
         * LicenceView
         * @description A distribution that the program needs, as it describes itself.
         */
        LicenceView: {
            /** Name */
            name: string;
            /** Version */
            version: string;
            /**
             * Licence
             * @description an SPDX expression, or a short text
             */
            licence: string | null;
            /** Home Page */
            home_page: string | null;
        };
        /**
         * ListedChat
         * @description A chat of a list; `match` is there where a search found it by what was said.
         */
        ListedChat: {
            /** Id */
            id: string;
            /** Folder Id */
            folder_id: string | null;
            /**
             * Title
             * @description Empty until something was said, unless one was given.
             */
            title: string;
            /**
             * Model
             * @description Whom the next message goes to.
             */
            model: string;
            /** System Prompt */
            system_prompt: string;
            /** Parameters */
            parameters: components["schemas"]["GenerationParameters"];
            /**
             * Shown Message Id
             * @description The last message of the path that is shown.
             */
            shown_message_id: string | null;
            /** Is Pinned */
            is_pinned: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             * @description When something was last said in it.
             */
            updated_at: string;
            match: components["schemas"]["ChatMatch"] | null;
        };
        /**
         * LiveTopic
         * @description A part of the stream.
         * @enum {string}
         */
        LiveTopic: "server" | "models" | "requests" | "memory" | "downloads" | "chats" | "library";
        /**
         * LogEntries
         * @description The last entries, the oldest first.
         */
        LogEntries: {
            /** Data */
            data: components["schemas"]["LogEntry"][];
        };
        /**
         * LogEntry
         * @description One entry of a log. A program may add fields.
         */
        LogEntry: {
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Level */
            level: string;
            /** Logger */
            logger: string;
            /** Message */
            message: string;
            /** Request Id */
            request_id?: string | null;
            /** Pid */
            pid?: number | null;
            /** Exception */
            exception?: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * MachineView
         * @description What the machine has for models; the budget is the least of the setting and the three limits.
         */
        MachineView: {
            /**
             * Budget Bytes
             * @description what all models together may have
             */
            budget_bytes: number;
            /**
             * Setting Bytes
             * @description MLX_SERVER_MAX_MEMORY_GB in bytes
             */
            setting_bytes: number;
            /**
             * Machine Bytes
             * @description all memory there is
             */
            machine_bytes: number;
            /**
             * Cgroup Bytes
             * @description the control group's limit, where there is one
             */
            cgroup_bytes: number | null;
            /**
             * Device Bytes
             * @description most that the device should hold
             */
            device_bytes: number | null;
            /**
             * Available Bytes
             * @description what any program could take at this moment
             */
            available_bytes: number;
            /**
             * Held Bytes
             * @description what the server has promised to models; 0 where it does not run
             */
            held_bytes: number;
            /**
             * Widens Half
             * @description whether half-precision weights are held as fp32 here, as on a CPU: twice the bytes
             */
            widens_half: boolean;
        };
        /**
         * MemoryView
         * @description Whether a model fits, with the sum: weights + process + KV cache + kept prompts = needed.
         */
        MemoryView: {
            /** @description `fits`: all of it beside what is held now; `tight`: it can be loaded, and something gives way; `does_not_fit`: its weights and one short request are more than the budget */
            verdict: components["schemas"]["Verdict"];
            /**
             * Gives Way
             * @description why it is tight: fewer prompts are kept, requests of this length do not run together, other models have to go, or other programs hold memory that the budget counts on
             */
            gives_way: components["schemas"]["GivesWay"][];
            /**
             * Weights Bytes
             * @description as a worker holds them
             */
            weights_bytes: number;
            /**
             * Process Bytes
             * @description what the worker takes beside the weights
             */
            process_bytes: number;
            /**
             * Kv Cache Bytes
             * @description caches of `concurrency` requests of `context_tokens` tokens
             */
            kv_cache_bytes: number;
            /**
             * Kept Prompts Bytes
             * @description computed prompts that are kept for later requests
             */
            kept_prompts_bytes: number;
            /**
             * Needed Bytes
             * @description the sum of the four
             */
            needed_bytes: number;
            /**
             * Least Bytes
             * @description with one short request and nothing kept; less is not enough
             */
            least_bytes: number;
            /**
             * Other Models Bytes
             * @description promised to other models now
             */
            other_models_bytes: number;
            /**
             * Budget Bytes
             * @description what all models together may have
             */
            budget_bytes: number;
            /**
             * Context Tokens
             * @description as asked for, within the model's context
             */
            context_tokens: number;
            /** Concurrency */
            concurrency: number;
            /**
             * Kv Bytes Per Token
             * @description of one request; 0 where the config does not say, or where it does not grow
             */
            kv_bytes_per_token: number;
            /**
             * Max Context Tokens
             * @description the longest that so many requests may be when the model is alone and keeps no prompts
             */
            max_context_tokens: number | null;
            /**
             * Explanation
             * @description the sum in a sentence
             */
            explanation: string;
        };
        /**
         * MessageError
         * @description Why an answer failed.
         */
        MessageError: {
            /**
             * Code
             * @description One of the codes of docs/errors.md.
             */
            code: string;
            /** Message */
            message: string;
            /** Param */
            param: string | null;
        };
        /**
         * MessageStatus
         * @description What has become of a message.
         * @enum {string}
         */
        MessageStatus: "complete" | "writing" | "stopped" | "interrupted" | "failed";
        /**
         * MessageView
         * @description A message. While `status` is `writing`, its text so far comes by its events.
         */
        MessageView: {
            /** Id */
            id: string;
            /** Chat Id */
            chat_id: string;
            /** Parent Id */
            parent_id: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "assistant" | "tool";
            status: components["schemas"]["MessageStatus"];
            /** Content */
            content: string;
            /** Reasoning */
            reasoning: string;
            /** Tool Calls */
            tool_calls: components["schemas"]["ToolCall"][] | null;
            /**
             * Tool Call Id
             * @description Of a tool's message: which call it answers.
             */
            tool_call_id: string | null;
            /** Model */
            model: string | null;
            /**
             * Finish Reason
             * @description stop, length or tool_calls, as the server said it.
             */
            finish_reason: string | null;
            error: components["schemas"]["MessageError"] | null;
            usage: components["schemas"]["AnswerUsage"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /**
             * Attachments
             * @default []
             */
            attachments: components["schemas"]["AttachmentView"][];
            /**
             * Sibling Ids
             * @description Messages that follow the same one, this one included, the oldest first.
             * @default []
             */
            sibling_ids: string[];
            /**
             * Sibling Index
             * @description This one's place among them, from 0.
             * @default 0
             */
            sibling_index: number;
        };
        /**
         * ModelFileView
         * @description A file of a model.
         */
        ModelFileView: {
            /**
             * Path
             * @description within the model's folder
             */
            path: string;
            /**
             * Size Bytes
             * @description null where it is a link that leads nowhere
             */
            size_bytes: number | null;
        };
        /**
         * ModelSource
         * @description Where a model comes from.
         * @enum {string}
         */
        ModelSource: "demo" | "folder" | "huggingface";
        /**
         * NewAttachment
         * @description A text file to be attached. Only text is taken: the media type says so.
         */
        NewAttachment: {
            /** Name */
            name: string;
            /** Media Type */
            media_type: string;
            /** Text */
            text: string;
        };
        /**
         * NewBranch
         * @description A copy to be made of a path, up to and with one message.
         */
        NewBranch: {
            /** Message Id */
            message_id: string;
            /** Title */
            title?: string | null;
        };
        /**
         * NewChat
         * @description A chat to be begun.
         */
        NewChat: {
            /** Model */
            model: string;
            /** Title */
            title?: string | null;
            /** Folder Id */
            folder_id?: string | null;
            /**
             * System Prompt
             * @default
             */
            system_prompt?: string;
            /** @default {} */
            parameters?: components["schemas"]["GenerationParameters"];
        };
        /**
         * NewDownload
         * @description A model to be downloaded.
         */
        NewDownload: {
            /**
             * Repo Id
             * @description `owner/name` on the hub
             */
            repo_id: string;
            /**
             * Revision
             * @default main
             */
            revision?: string;
            /**
             * Allow Pickle
             * @description let weights in Python's pickle format come
             * @default false
             */
            allow_pickle?: boolean;
            /**
             * Allow Code
             * @description let Python files, and models that need them, come
             * @default false
             */
            allow_code?: boolean;
        };
        /**
         * NewHubToken
         * @description A token of the hub's, which is asked whose it is before it is kept.
         */
        NewHubToken: {
            /**
             * Token
             * Format: password
             */
            token: string;
        };
        /**
         * NewInvitation
         * @description An invitation to be made.
         */
        NewInvitation: {
            /** @default user */
            role?: components["schemas"]["Role"];
            /**
             * Expires In Hours
             * @default 72
             */
            expires_in_hours?: number;
        };
        /**
         * NewKey
         * @description A key to be made. What is left out, or null, is without limit.
         */
        NewKey: {
            /** Name */
            name: string;
            /** Scopes */
            scopes?: components["schemas"]["Scope"][];
            /** Models */
            models?: string[] | null;
            /** Expires At */
            expires_at?: string | null;
            /** Expires In Days */
            expires_in_days?: number | null;
            /** Requests Per Minute */
            requests_per_minute?: number | null;
            /** Tokens Per Day */
            tokens_per_day?: number | null;
            /** Capture Days */
            capture_days?: number | null;
        };
        /**
         * NewMessage
         * @description What somebody says, or a tool's result.
         *
         *     `parent_id` is the message it follows; left out it follows what is shown, and null begins anew. While an
         *     answer is being written a message without `parent_id` stands beside the one that it answers.
         *     `model`, `parameters`, `tools` and `tool_choice` hold for the answer to this message, over the chat's.
         */
        NewMessage: {
            /**
             * Role
             * @default user
             * @enum {string}
             */
            role?: "user" | "tool";
            /** Content */
            content: string;
            /**
             * Attachment Ids
             * @default []
             */
            attachment_ids?: string[];
            /** Parent Id */
            parent_id?: string | null;
            /** Tool Call Id */
            tool_call_id?: string | null;
            /** Model */
            model?: string | null;
            parameters?: components["schemas"]["GenerationParameters"] | null;
            /** Tools */
            tools?: {
                [key: string]: unknown;
            }[] | null;
            /** Tool Choice */
            tool_choice?: string | {
                [key: string]: unknown;
            } | null;
        };
        /**
         * NewUser
         * @description A user to be made, active at once. Without a password they set one with the token in the answer.
         */
        NewUser: {
            /** Name */
            name: string;
            /** Password */
            password?: string | null;
            /** @default user */
            role?: components["schemas"]["Role"];
        };
        /**
         * Order
         * @description What a list is sorted by: names from A to Z, everything else from the most to the least.
         * @enum {string}
         */
        Order: "name" | "size" | "last_used" | "parameters" | "context_length";
        /**
         * PasswordChange
         * @description A new password for whoever is signed in.
         */
        PasswordChange: {
            /**
             * Current Password
             * Format: password
             */
            current_password: string;
            /**
             * New Password
             * Format: password
             */
            new_password: string;
        };
        /**
         * PasswordReset
         * @description A new password for whom an administrator gave leave.
         */
        PasswordReset: {
            /**
             * Token
             * Format: password
             */
            token: string;
            /**
             * New Password
             * Format: password
             */
            new_password: string;
        };
        /**
         * PasswordToken
         * @description Leave to set a new password once; `token` is not shown again.
         */
        PasswordToken: {
            /** Token */
            token: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
        };
        /**
         * Program
         * @description One of the two.
         * @enum {string}
         */
        Program: "server" | "manager";
        /**
         * QuantizationView
         * @description How weights are packed.
         */
        QuantizationView: {
            /** Bits */
            bits: number;
            /** Group Size */
            group_size: number;
            /** Mode */
            mode: string;
        };
        /**
         * RefusalView
         * @description Why a download refuses a model unless it is allowed.
         */
        RefusalView: {
            /**
             * Needs Pickle
             * @description its weights are pickled only; `allow_pickle` lets them come
             */
            needs_pickle: boolean;
            /**
             * Needs Code
             * @description it has Python of its own; `allow_code` lets it come
             */
            needs_code: boolean;
            /**
             * Reasons
             * @description for a person; empty where nothing is refused
             */
            reasons: string[];
        };
        /**
         * Registration
         * @description Somebody who wants to come in.
         */
        Registration: {
            /** Name */
            name: string;
            /**
             * Password
             * Format: password
             */
            password: string;
            /** Invitation */
            invitation?: string | null;
        };
        /**
         * Revisions
         * @description What of a repository in the Hugging Face cache is deleted.
         *
         *     Attributes:
         *         ALL: the repository with every revision that is there.
         *         CURRENT: the revision that is offered, and the files that no other needs.
         * @enum {string}
         */
        Revisions: "all" | "current";
        /**
         * Role
         * @description What a user is to this installation.
         * @enum {string}
         */
        Role: "admin" | "user";
        /**
         * Scope
         * @description What a credential is good for.
         * @enum {string}
         */
        Scope: "inference" | "admin";
        /**
         * SentMessage
         * @description A message that was stored, and the answer that is being written.
         *
         *     `answer` is null for a tool's result while other calls of the same message wait for theirs.
         */
        SentMessage: {
            message: components["schemas"]["MessageView"];
            answer: components["schemas"]["MessageView"] | null;
        };
        /**
         * ServerEnding
         * @description How the server ended last when nobody had asked it to.
         */
        ServerEnding: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Code
             * @description exit code; negative is a signal's number; null where not known
             */
            code: number | null;
            /** Reason */
            reason: string;
            /**
             * Lines
             * @description the last that it said
             */
            lines: string[];
        };
        /**
         * ServerReadiness
         * @description What the server says of itself (`/ready`).
         */
        ServerReadiness: {
            /**
             * Status
             * @description loading, ready, failed (of the models to load at start) or draining
             */
            status: string;
            /**
             * Models
             * @description ids of the models in memory
             */
            models: string[];
            /**
             * Running
             * @description requests that have not ended
             */
            running: number;
            /**
             * Error
             * @description why a model that was to be loaded at start was not
             */
            error: string | null;
        };
        /**
         * ServerState
         * @description What the server's process is doing.
         * @enum {string}
         */
        ServerState: "stopped" | "starting" | "running" | "stopping" | "waiting" | "failed";
        /**
         * ServerView
         * @description The inference server as the manager sees it.
         */
        ServerView: {
            state: components["schemas"]["ServerState"];
            /**
             * Url
             * @description where it listens on this machine
             */
            url: string | null;
            /** Pid */
            pid: number | null;
            /** Version */
            version: string | null;
            /** Started At */
            started_at: string | null;
            /**
             * Is Adopted
             * @description it ran before the manager did
             */
            is_adopted: boolean;
            /** Is Answering */
            is_answering: boolean;
            /**
             * Num Restarts
             * @description starts after it had ended by itself, since the manager started
             */
            num_restarts: number;
            /**
             * Retry At
             * @description when it is started again
             */
            retry_at: string | null;
            ending: components["schemas"]["ServerEnding"] | null;
            /** @description null while it does not answer */
            readiness: components["schemas"]["ServerReadiness"] | null;
        };
        /**
         * SessionList
         * @description The caller's open sessions, the newest first.
         */
        SessionList: {
            /** Data */
            data: components["schemas"]["SessionView"][];
        };
        /**
         * SessionView
         * @description A session of the caller's.
         */
        SessionView: {
            /** Id */
            id: string;
            /** Address */
            address: string;
            /** User Agent */
            user_agent: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /**
             * Is Current
             * @default false
             */
            is_current: boolean;
        };
        /**
         * SettingList
         * @description Every setting of both programs.
         */
        SettingList: {
            /** Data */
            data: components["schemas"]["SettingView"][];
        };
        /**
         * SettingSource
         * @description Where a setting's value comes from; an earlier one counts before a later one.
         * @enum {string}
         */
        SettingSource: "running" | "flag" | "environment" | "database" | "default";
        /**
         * SettingView
         * @description One setting of either program.
         */
        SettingView: {
            /**
             * Name
             * @description the variable that sets it in the environment; its name here, too
             */
            name: string;
            program: components["schemas"]["Program"];
            /**
             * Value
             * @description what counts now, as the program has it; null for none
             */
            value: unknown;
            /** @description which source won */
            source: components["schemas"]["SettingSource"];
            /**
             * Stored
             * @description what is stored; null where `is_stored` is false
             */
            stored: unknown;
            /** Is Stored */
            is_stored: boolean;
            /** Default */
            default: unknown;
            /** Description */
            description: string;
            /**
             * Value Schema
             * @description JSON schema of the value
             */
            value_schema: {
                [key: string]: unknown;
            };
            /**
             * Is Storable
             * @description false for what is read before there is a database, and secrets
             */
            is_storable: boolean;
            /**
             * Is Live
             * @description a change counts at once; else after the next start of the program
             */
            is_live: boolean;
            /**
             * Needs Restart
             * @description what is stored will count after the next start of the program
             */
            needs_restart: boolean;
        };
        /**
         * SettingsChange
         * @description Settings by their names. All of them are taken, or none.
         */
        SettingsChange: {
            /**
             * Set
             * @description values to store
             */
            set?: {
                [key: string]: unknown;
            };
            /**
             * Reset
             * @description settings whose stored value is to go
             */
            reset?: string[];
        };
        /**
         * Setup
         * @description The first administrator; with the terminal's token where the request comes from elsewhere.
         */
        Setup: {
            /** Name */
            name: string;
            /**
             * Password
             * Format: password
             */
            password: string;
            /** Token */
            token?: string | null;
        };
        /**
         * SignedIn
         * @description An open session. The refresh token is in a cookie only.
         */
        SignedIn: {
            /** Access Token */
            access_token: string;
            /**
             * Token Type
             * @default Bearer
             * @constant
             */
            token_type?: "Bearer";
            /** Expires In */
            expires_in: number;
            user: components["schemas"]["UserView"];
        };
        /**
         * Sort
         * @description What comes first.
         * @enum {string}
         */
        Sort: "downloads" | "likes" | "updated" | "created" | "name";
        /**
         * Status
         * @description What a page has to know before anybody is signed in.
         */
        Status: {
            /** Needs Setup */
            needs_setup: boolean;
            /** Mode */
            mode: string;
        };
        /**
         * TokenSource
         * @description Where a token is from.
         * @enum {string}
         */
        TokenSource: "environment" | "database";
        /**
         * ToolCall
         * @description A tool call, as in OpenAI's chat completions; it has what its type names.
         */
        ToolCall: {
            /** Id */
            id: string;
            /**
             * Type
             * @enum {string}
             */
            type: "function" | "custom";
            function?: components["schemas"]["CalledFunction"] | null;
            custom?: components["schemas"]["CalledCustom"] | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * UserChange
         * @description What can be changed about a user.
         */
        UserChange: {
            role: components["schemas"]["Role"];
        };
        /**
         * UserList
         * @description Every user but the built-in owner.
         */
        UserList: {
            /** Data */
            data: components["schemas"]["UserView"][];
        };
        /**
         * UserStatus
         * @description Whether a user may come in.
         * @enum {string}
         */
        UserStatus: "pending" | "active" | "disabled";
        /**
         * UserView
         * @description A user as others may see them.
         */
        UserView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            role: components["schemas"]["Role"];
            status: components["schemas"]["UserStatus"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Last Sign In At */
            last_sign_in_at: string | null;
        };
        /**
         * Verdict
         * @description How a model fits.
         *
         *     Attributes:
         *         FITS: everything asked for fits beside what is held now, and the prompts that are kept.
         *         TIGHT: it can be loaded, with at least one short request, but something gives way: see `GivesWay`.
         *         DOES_NOT_FIT: weights and one short request are more than the budget; the server refuses to load it.
         * @enum {string}
         */
        Verdict: "fits" | "tight" | "does_not_fit";
        /**
         * VerificationList
         * @description The verifications since the manager started, the newest first.
         */
        VerificationList: {
            /** Data */
            data: components["schemas"]["VerificationView"][];
        };
        /**
         * VerificationStatus
         * @description How far a verification is.
         *
         *     Attributes:
         *         FAILED: it could not go on; the reason says why. That a file is damaged is no failure.
         * @enum {string}
         */
        VerificationStatus: "running" | "completed" | "cancelled" | "failed";
        /**
         * VerificationView
         * @description A comparison of a model's files with what they should be.
         */
        VerificationView: {
            /** Id */
            id: string;
            /** Model Id */
            model_id: string;
            status: components["schemas"]["VerificationStatus"];
            /** @description who says what the files should be: `hub`, `download` (what was written down when they came), `nobody`; null before that is known */
            authority: components["schemas"]["Authority"] | null;
            /**
             * Why Not Hub
             * @description why the hub was not asked or did not answer
             */
            why_not_hub: string | null;
            /**
             * Reason
             * @description why it has failed
             */
            reason: string | null;
            /**
             * Total Bytes
             * @description to be read; 0 before that is known
             */
            total_bytes: number;
            /** Done Bytes */
            done_bytes: number;
            /**
             * Is Intact
             * @description whether every file whose hash is known is right; missing ones do not count; null before the end, and where no hash is known
             */
            is_intact: boolean | null;
            /**
             * Damaged
             * @description files that differ or cannot be read
             */
            damaged: string[];
            /**
             * Files
             * @description so far
             */
            files: components["schemas"]["FileResultView"][];
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Ended At */
            ended_at: string | null;
        };
        /**
         * Versions
         * @description Of the programs, and of what they stand on; null is what is not installed.
         */
        Versions: {
            /** Manager */
            manager: string;
            /**
             * Server
             * @description of the one that runs; null while none answers
             */
            server: string | null;
            /** Python */
            python: string;
            /** Mlx */
            mlx: string | null;
            /** Mlx Lm */
            mlx_lm: string | null;
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
         * ChangeEvent
         * @description `change`: something about one's chats is not as it was; look again at what is named.
         */
        ChangeEvent: {
            kind: components["schemas"]["ChangeKind"];
            /** Chat Id */
            chat_id: string | null;
            /**
             * Message Id
             * @description That was added, or that has ended.
             */
            message_id: string | null;
        };
        /**
         * ChangeKind
         * @description What has happened.
         * @enum {string}
         */
        ChangeKind: "chat_changed" | "chat_deleted" | "message_changed" | "folders_changed";
        /**
         * DownloadRemoved
         * @description A download that is no more.
         */
        DownloadRemoved: {
            /** Id */
            id: string;
        };
        /**
         * InferenceEvent
         * @description `inference`: whether the server's own events are heard.
         *
         *     After each true all of `model`, `request` and `memory` follows anew: forget what was known of them.
         */
        InferenceEvent: {
            /** Is Connected */
            is_connected: boolean;
        };
        /**
         * LibraryEvent
         * @description `library`: what is installed has changed, or a verification has ended; look again.
         */
        LibraryEvent: {
            /**
             * Model Id
             * @description null where more has changed than can be told
             */
            model_id: string | null;
        };
        /**
         * MemoryEvent
         * @description `memory`: as `/admin/memory` has it, in bytes.
         */
        MemoryEvent: {
            /** Budget */
            budget: number;
            /** Reserved */
            reserved: number;
            /** Free */
            free: number;
            /** Max Models */
            max_models: number;
            /** Models */
            models: components["schemas"]["MemoryModel"][];
            /** Spare Worker */
            spare_worker: number | null;
            /** Pressure */
            pressure: string;
            /** Explanation */
            explanation: string | null;
            /**
             * Real
             * @description what is really in use
             */
            real: {
                [key: string]: number | boolean | string | null;
            } | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * MemoryModel
         * @description A model's part of the memory.
         */
        MemoryModel: {
            /** Id */
            id: string;
            /** Status */
            status: string;
            reserved: components["schemas"]["ReservedBytes"];
            /**
             * Footprint
             * @default null
             */
            footprint?: number | null;
            /**
             * Active
             * @default null
             */
            active?: number | null;
            /**
             * Kv
             * @default null
             */
            kv?: number | null;
            /**
             * Prefixes
             * @default null
             */
            prefixes?: number | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * ModelBytes
         * @description Of a model; what is really in use is null or left out while it is not in memory.
         */
        ModelBytes: {
            /** Estimated */
            estimated: number;
            reserved: components["schemas"]["ReservedBytes"] | null;
            /**
             * Footprint
             * @description of its process, by the system's account
             * @default null
             */
            footprint?: number | null;
            /**
             * Active
             * @description by MLX's account
             * @default null
             */
            active?: number | null;
            /**
             * Kv
             * @default null
             */
            kv?: number | null;
            /**
             * Prefixes
             * @description of the prefix cache
             * @default null
             */
            prefixes?: number | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * ModelEvent
         * @description `model`: a model in the server's pool, as `/admin/models` has it without its files.
         */
        ModelEvent: {
            /** Id */
            id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "unloaded" | "loading" | "loaded" | "draining" | "failed";
            /**
             * Progress
             * @description of a load, from 0 to 1
             */
            progress: number | null;
            /**
             * Reason
             * @description why it has failed
             */
            reason: string | null;
            /** Pinned */
            pinned: boolean;
            /** Pid */
            pid: number | null;
            /**
             * Leases
             * @description requests that use it
             */
            leases: number;
            /**
             * Waiting
             * @description requests that wait until it is loaded
             */
            waiting: number;
            /**
             * Queue
             * @description requests that its engine has not begun with
             */
            queue: number;
            /** Running */
            running: number;
            /** Tokens Per Second */
            tokens_per_second: number;
            /** Load S */
            load_s: number | null;
            /** Idle S */
            idle_s: number | null;
            /** Unloads In S */
            unloads_in_s: number | null;
            bytes: components["schemas"]["ModelBytes"];
        } & {
            [key: string]: unknown;
        };
        /**
         * RequestEvent
         * @description `request`: one that runs or has ended; its `id` is the `X-Request-Id` of the server's answer.
         */
        RequestEvent: {
            /** Id */
            id: string;
            /**
             * Model
             * @description the name that was asked for
             */
            model: string;
            /**
             * Phase
             * @enum {string}
             */
            phase: "waiting" | "queued" | "reading" | "writing" | "finished" | "failed" | "cancelled";
            /**
             * Arrived
             * @description seconds since the epoch; with the id it names a request
             */
            arrived: number;
            /**
             * Arrived At
             * Format: date-time
             */
            arrived_at: string;
            /** Prompt Tokens */
            prompt_tokens: number;
            /** Cached Tokens */
            cached_tokens: number;
            /** Read Tokens */
            read_tokens: number;
            /** Completion Tokens */
            completion_tokens: number;
            /** Waited S */
            waited_s: number;
            /** Time To First Token S */
            time_to_first_token_s: number | null;
            /** Tokens Per Second */
            tokens_per_second: number | null;
            /** Total S */
            total_s: number;
            /**
             * Detail
             * @description the finish reason, or what went wrong
             */
            detail: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * ReservedBytes
         * @description What is promised to a model of the memory budget.
         */
        ReservedBytes: {
            /** Total */
            total: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * ResyncEvent
         * @description `resync`: changes were missed, or this is where they begin; look again at all that is shown.
         */
        ResyncEvent: Record<string, never>;
        /**
         * LiveEvents
         * @description The stream's events by their names, each with the type of its data.
         */
        LiveEvents: {
            server: components["schemas"]["ServerView"];
            inference: components["schemas"]["InferenceEvent"];
            model: components["schemas"]["ModelEvent"];
            memory: components["schemas"]["MemoryEvent"];
            request: components["schemas"]["RequestEvent"];
            download: components["schemas"]["DownloadView"];
            download_removed: components["schemas"]["DownloadRemoved"];
            chat: components["schemas"]["ChangeEvent"];
            chat_resync: components["schemas"]["ResyncEvent"];
            library: components["schemas"]["LibraryEvent"];
        };
        /**
         * PieceKind
         * @description What a piece adds to.
         * @enum {string}
         */
        PieceKind: "content" | "reasoning" | "tool_calls";
        /**
         * PieceEvent
         * @description `piece`: a part of the answer, which is stored. The event's id is its number.
         */
        PieceEvent: {
            /** Number */
            number: number;
            kind: components["schemas"]["PieceKind"];
            /**
             * Text
             * @description What it adds; of tool calls a JSON list of deltas, as in OpenAI's chat.
             */
            text: string;
        };
        /**
         * AnswerPhase
         * @description What the server does for an answer.
         * @enum {string}
         */
        AnswerPhase: "queued" | "reading" | "thinking" | "writing";
        /**
         * PhaseEvent
         * @description `phase`: how far the answer is. Null is what the server has not told yet.
         */
        PhaseEvent: {
            phase: components["schemas"]["AnswerPhase"];
            /**
             * Share
             * @description Of the prompt, what has been read: from 0 to 1.
             */
            share: number | null;
            /** Prompt Tokens */
            prompt_tokens: number | null;
            /** Read Tokens */
            read_tokens: number | null;
            /** Cached Tokens */
            cached_tokens: number | null;
            /** Completion Tokens */
            completion_tokens: number | null;
            /**
             * Tokens Per Second
             * @description Of the answer, now.
             */
            tokens_per_second: number | null;
            /** Time To First Token S */
            time_to_first_token_s: number | null;
        };
        /**
         * DeletedEvent
         * @description `deleted`: the message is not there any more.
         */
        DeletedEvent: {
            /** Message Id */
            message_id: string;
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
    auth_status: {
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
                    "application/json": components["schemas"]["Status"];
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
    auth_set_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Setup"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
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
    auth_register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
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
    auth_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
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
    auth_refresh: {
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
                    "application/json": components["schemas"]["SignedIn"];
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
    auth_sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    auth_me: {
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
                    "application/json": components["schemas"]["Caller"];
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
    auth_change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    auth_reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    auth_list_sessions: {
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
                    "application/json": components["schemas"]["SessionList"];
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
    auth_end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    users_list_users: {
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
                    "application/json": components["schemas"]["UserList"];
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
    users_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUser"];
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
    users_change: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
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
    users_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
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
                    "application/json": components["schemas"]["UserView"];
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
    users_disable: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
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
                    "application/json": components["schemas"]["UserView"];
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
    users_enable: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
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
                    "application/json": components["schemas"]["UserView"];
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
    users_reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
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
                    "application/json": components["schemas"]["PasswordToken"];
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
    users_list_invitations: {
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
                    "application/json": components["schemas"]["InvitationList"];
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
    users_invite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewInvitation"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedInvitation"];
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
    users_withdraw_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                invitation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    keys_list_keys: {
        parameters: {
            query?: {
                /** @description everybody's, for administrators */
                all?: boolean;
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
                    "application/json": components["schemas"]["KeyList"];
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
    keys_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKey"];
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
    keys_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    keys_change: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
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
    server_show: {
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
                    "application/json": components["schemas"]["ServerView"];
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
    server_start: {
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
                    "application/json": components["schemas"]["ServerView"];
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
    server_stop: {
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
                    "application/json": components["schemas"]["ServerView"];
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
    server_restart: {
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
                    "application/json": components["schemas"]["ServerView"];
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
    server_events: {
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
                    "text/event-stream": unknown;
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
    server_read_log: {
        parameters: {
            query?: {
                program?: components["schemas"]["Program"];
                /** @description how many of the last entries */
                lines?: number;
                /** @description the lowest that counts */
                level?: "DEBUG" | "INFO" | "WARNING" | "ERROR";
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
                    "application/json": components["schemas"]["LogEntries"];
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
    server_follow_log: {
        parameters: {
            query?: {
                program?: components["schemas"]["Program"];
                /** @description how many of the last entries */
                lines?: number;
                /** @description the lowest that counts */
                level?: "DEBUG" | "INFO" | "WARNING" | "ERROR";
            };
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
                    "text/event-stream": unknown;
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
    settings_list_settings: {
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
                    "application/json": components["schemas"]["SettingList"];
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
    settings_change: {
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
                    "application/json": components["schemas"]["SettingList"];
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
    library_list_models: {
        parameters: {
            query?: {
                /** @description prompt and answer of each request; not given, the server's */
                context_tokens?: number | null;
                /** @description requests at once; not given, the server's */
                concurrency?: number | null;
                /** @description a part of an id, a family or an alias */
                search?: string;
                family?: string | null;
                capability?: components["schemas"]["Capability"] | null;
                /** @description names from A to Z, all else from most to least */
                sort?: components["schemas"]["Order"];
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
                    "application/json": components["schemas"]["LibraryModelList"];
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
    library_get_model: {
        parameters: {
            query?: {
                /** @description prompt and answer of each request; not given, the server's */
                context_tokens?: number | null;
                /** @description requests at once; not given, the server's */
                concurrency?: number | null;
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
                    "application/json": components["schemas"]["LibraryModelDetail"];
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
    library_delete_model: {
        parameters: {
            query?: {
                /** @description unload it first where nobody uses it */
                unload?: boolean;
                /** @description in the Hugging Face cache: all, or the offered one and what it alone needs */
                revisions?: components["schemas"]["Revisions"];
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
                    "application/json": components["schemas"]["DeletedModel"];
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
    library_verify_model: {
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
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerificationView"];
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
    library_list_verifications: {
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
                    "application/json": components["schemas"]["VerificationList"];
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
    library_get_verification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                verification_id: string;
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
                    "application/json": components["schemas"]["VerificationView"];
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
    library_cancel_verification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                verification_id: string;
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
                    "application/json": components["schemas"]["VerificationView"];
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
    hub_list_models: {
        parameters: {
            query?: {
                /** @description words of the name */
                search?: string;
                task?: string | null;
                family?: string | null;
                /** @description as the list says it, such as `4-bit` */
                quantization?: string | null;
                min_size_bytes?: number | null;
                max_size_bytes?: number | null;
                sort?: components["schemas"]["Sort"];
                mlx_only?: boolean;
                limit?: number;
                cursor?: string | null;
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
                    "application/json": components["schemas"]["HubModelList"];
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
    hub_get_model: {
        parameters: {
            query?: {
                revision?: string;
            };
            header?: never;
            path: {
                owner: string;
                name: string;
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
                    "application/json": components["schemas"]["HubModelDetails"];
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
    hub_get_token: {
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
                    "application/json": components["schemas"]["HubTokenView"];
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
    hub_put_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHubToken"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HubTokenView"];
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
    hub_delete_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    downloads_list_downloads: {
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
                    "application/json": components["schemas"]["DownloadList"];
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
    downloads_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDownload"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadDetails"];
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
    downloads_watch: {
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
                    "text/event-stream": unknown;
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
    downloads_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
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
                    "application/json": components["schemas"]["DownloadDetails"];
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
    downloads_forget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    downloads_pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
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
                    "application/json": components["schemas"]["DownloadDetails"];
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
    downloads_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
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
                    "application/json": components["schemas"]["DownloadDetails"];
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
    downloads_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
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
                    "application/json": components["schemas"]["DownloadDetails"];
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
    downloads_retry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
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
                    "application/json": components["schemas"]["DownloadDetails"];
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
    downloads_put_first: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                download_id: string;
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
                    "application/json": components["schemas"]["DownloadDetails"];
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
    chats_list_folders: {
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
                    "application/json": components["schemas"]["FolderList"];
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
    chats_create_folder: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FolderChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FolderView"];
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
    chats_delete_folder: {
        parameters: {
            query?: {
                /** @description what becomes of the folder's chats */
                chats?: "keep" | "delete";
            };
            header?: never;
            path: {
                folder_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    chats_change_folder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                folder_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FolderChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FolderView"];
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
    chats_export_chat: {
        parameters: {
            query?: {
                format?: "json" | "markdown";
                /** @description every branch; of JSON only */
                all?: boolean;
            };
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file; `Content-Disposition` has its name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportedChat"];
                    "text/markdown": string;
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
    chats_import_chat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExportedChat"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatView"];
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
    chats_list_chats: {
        parameters: {
            query?: {
                /** @description chats of this folder; `none` for those in no folder */
                folder_id?: string | null;
                pinned?: boolean | null;
                /** @description what a title or a message holds, whatever the case of ASCII letters */
                search?: string;
                limit?: number;
                cursor?: string | null;
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
                    "application/json": components["schemas"]["ChatList"];
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
    chats_create_chat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewChat"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatView"];
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
    chats_watch_chats: {
        parameters: {
            query?: never;
            header?: {
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
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
    chats_get_chat: {
        parameters: {
            query?: {
                /** @description every branch, the oldest message first */
                all?: boolean;
            };
            header?: never;
            path: {
                chat_id: string;
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
                    "application/json": components["schemas"]["ChatWithMessages"];
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
    chats_delete_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    chats_change_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatView"];
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
    chats_branch_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBranch"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatView"];
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
    chats_send_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentMessage"];
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
    chats_get_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                message_id: string;
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
                    "application/json": components["schemas"]["MessageView"];
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
    chats_edit_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                message_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditedMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentMessage"];
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
    chats_regenerate_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                message_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Answering"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentMessage"];
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
    chats_continue_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                message_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Answering"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentMessage"];
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
    chats_stop_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                message_id: string;
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
                    "application/json": components["schemas"]["MessageView"];
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
    chats_watch_message: {
        parameters: {
            query?: {
                /** @description the number of the last piece that is known; -1 for none */
                after?: number;
            };
            header?: {
                /** @description the same, as browsers send it; it wins over `after` */
                "Last-Event-ID"?: string | null;
            };
            path: {
                chat_id: string;
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
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
    chats_list_attachments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
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
                    "application/json": components["schemas"]["AttachmentList"];
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
    chats_create_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAttachment"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentView"];
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
    chats_get_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                attachment_id: string;
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
                    "application/json": components["schemas"]["AttachmentWithText"];
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
    chats_delete_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
                attachment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    live_watch: {
        parameters: {
            query?: {
                /** @description left out, all that the caller may see */
                topics?: components["schemas"]["LiveTopic"][];
            };
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
                    "text/event-stream": unknown;
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
    about_show: {
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
                    "application/json": components["schemas"]["AboutView"];
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
    about_read_report: {
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
                    "application/json": components["schemas"]["DoctorReport"];
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
    about_examine: {
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
                    "application/json": components["schemas"]["DoctorReport"];
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
    program_health: {
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
                    "application/json": components["schemas"]["Health"];
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
    program_metrics: {
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
}

"""Answers in Hugging Face's protocol: the interface of its web site, files, and the store of large ones.

After huggingface_hub's own reading of it: redirects, `X-Repo-Commit`, `X-Linked-Etag`, `X-Error-Code`.
"""

import contextlib
import json
import re
import socket
import struct
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.hub_stand_in.faults import Fault, Kind
from tests.hub_stand_in.listing import BadQuery, models_page
from tests.hub_stand_in.repositories import Repository, StoredFile
from tests.hub_stand_in.serving import Asked, HubStandIn

_MODEL: Final = re.compile(r"/api/models/([^/]+/[^/]+?)(?:/(revision|tree|auth-check)(?:/([^/]+))?(/.*)?)?")
_FILE: Final = re.compile(r"/([^/]+/[^/]+)/(?:resolve|raw)/([^/]+)/(.+)")
_STORED: Final = re.compile(r"/large/[0-9a-f]{64}/([^/]+/[^/]+)/(.+)")
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")
_PIECE_BYTES: Final = 16_384
_TRICKLE_PERIOD_S: Final = 0.02


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Head and body go out apart; the second would wait 40 ms for word of the first.
    disable_nagle_algorithm = True
    server: Any

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/_faults":
            self.hub.faults.add(Fault.from_json(body))
        elif self.path == "/_faults/clear":
            self.hub.faults.clear()
        else:
            return self._json({"error": "no such path"}, 404)
        self._json({})

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    @property
    def hub(self) -> HubStandIn:
        return self.server.hub  # type: ignore[no-any-return]

    def _answer(self) -> None:
        split = urlsplit(self.path)
        if split.path == "/_asked":
            return self._send(self.hub.asked_json(), "application/json")
        credential = self.headers.get("Authorization", "")
        self.asked = Asked(
            self.server.host_name,
            self.command,
            unquote(split.path),
            self.headers.get("Range"),
            credential.removeprefix("Bearer ") or None,
            self.headers.get("User-Agent", ""),
        )
        self.hub.asked.append(self.asked)
        self.faults = self.hub.faults.take(self.command, unquote(split.path))
        if (fault := self.faults.get(Kind.STATUS)) is not None:
            return self._json({"error": f"a fault: {fault.status}"}, fault.status, fault.headers)
        if self.server.host_name == "files":
            return self._stored(unquote(split.path))
        self._hub(split.path, parse_qs(split.query))

    def _hub(self, path: str, query: dict[str, list[str]]) -> None:
        token = self.asked.token
        if token is not None and token not in self.hub.tokens:
            message = "Invalid credentials in Authorization header"
            return self._json({"error": message}, 401, {"X-Error-Message": message})
        if path == "/api/whoami-v2":
            if token is None:
                return self._json({"error": "Invalid username or password."}, 401)
            return self._json({"type": "user", "name": self.hub.tokens[token]})
        if path == "/api/models":
            return self._list(query)
        if match := _MODEL.fullmatch(path):
            return self._model(*match.groups(), query=query)
        if match := _FILE.fullmatch(path):
            return self._file(*(unquote(part) for part in match.groups()))
        self._json({"error": "Sorry, we can't find the page you are looking for."}, 404)

    def _list(self, query: dict[str, list[str]]) -> None:
        try:
            page, link = models_page(self.hub.repositories.values(), query, self.hub.url)
        except (BadQuery, ValueError) as error:
            return self._json({"error": f"bad query: {error}"}, 400)
        self._json(page, headers={"Link": link} if link else None)

    def _model(
        self,
        repo_id: str,
        what: str | None,
        revision: str | None,
        folder: str | None,
        *,
        query: dict[str, list[str]],
    ) -> None:
        if (repo := self._repository(repo_id)) is None:
            return
        commit = repo.resolve(unquote(revision or "main"))
        if commit is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "auth-check":
            return self._json({}) if self._may_read(repo) else None
        if what == "tree":
            return self._json(_tree(repo, (folder or "/").strip("/")))
        with_blobs = query.get("blobs", [""])[0].lower() in ("1", "true")
        self._json(repo.info() | {"siblings": repo.siblings(with_blobs=with_blobs)})

    def _file(self, repo_id: str, revision: str, path: str) -> None:
        if (repo := self._repository(repo_id)) is None or not self._may_read(repo):
            return
        commit = repo.resolve(revision)
        if commit is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if (file := repo.files.get(path)) is None:
            return self._refuse(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit})
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if not file.is_large:
            return self._content(file, headers)
        location = f"{self.hub.files_url}/large/{file.sha256}/{repo_id}/{quote(path)}"
        headers |= {
            "Location": location,
            "X-Linked-Size": str(len(file.content)),
            "X-Linked-Etag": f'"{file.etag}"',
            "ETag": f'"{file.blob_id}"',
        }
        self._send(b"Found. Redirecting", "text/plain", 302, headers)

    def _stored(self, path: str) -> None:
        match = _STORED.fullmatch(path)
        repo = self.hub.repositories.get(match[1]) if match else None
        if match is None or repo is None or (file := repo.files.get(match[2])) is None:
            return self._send(b"<Error><Code>AccessDenied</Code></Error>", "application/xml", 403)
        # Whoever has the link may read, as with a signed one; a credential for the hub has no place here.
        self._content(file, {"Accept-Ranges": "bytes"})

    def _content(self, file: StoredFile, headers: dict[str, str]) -> None:
        """A file, or the range of it that was asked for, with what goes wrong."""
        content, faults = file.content, self.faults
        if (fault := faults.get(Kind.WRONG_CONTENT)) is not None:
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        if (fault := faults.get(Kind.SHORT)) is not None:
            content = content[: -fault.num_bytes]
        if (fault := faults.get(Kind.LONG)) is not None:
            content += b"\n" * fault.num_bytes
        status, total = 200, len(content)
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked and Kind.IGNORE_RANGE not in faults:
            start, end = int(asked[1]), int(asked[2] or total - 1)
            if start >= total:
                return self._send(b"", "text/plain", 416, headers | {"Content-Range": f"bytes */{total}"})
            if Kind.WRONG_RANGE in faults:
                start = 0
            end = min(end, total - 1)
            status, content = 206, content[start : end + 1]
            headers = headers | {"Content-Range": f"bytes {start}-{end}/{total}"}
        self._send(content, "application/octet-stream", status, headers | {"ETag": f'"{file.etag}"'})

    def _repository(self, repo_id: str) -> Repository | None:
        repo = self.hub.repositories.get(repo_id)
        token = self.asked.token
        if repo is not None and (not repo.is_private or token in repo.granted_to):
            return repo
        if token is None:  # the hub does not say which names there are
            message = "Invalid username or password."
            self._json({"error": message}, 401, {"X-Error-Message": message})
        else:
            self._refuse(404, "RepoNotFound", "Repository not found")
        return None

    def _may_read(self, repo: Repository) -> bool:
        if not repo.gated or self.asked.token in repo.granted_to:
            return True
        status = 401 if self.asked.token is None else 403
        self._refuse(status, "GatedRepo", f"Access to model {repo.repo_id} is restricted.")
        return False

    def _refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        told = {"X-Error-Code": code, "X-Error-Message": message}
        self._json({"error": message}, status, told | (headers or {}))

    def _json(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(body).encode(), "application/json; charset=utf-8", status, headers)

    def _send(
        self, body: bytes, content_type: str, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response_only(status)
        stated = {"Date": formatdate(usegmt=True), "Content-Type": content_type}
        for name, value in (stated | {"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        asked = getattr(self, "asked", None)
        if asked is None or self.path == "/_asked":
            self.wfile.write(body)
            return
        asked.status = status
        if self.command != "HEAD":
            self._write(body, asked)

    def _write(self, body: bytes, asked: Asked) -> None:
        faults = self.faults if asked.status in (200, 206) else {}
        ending = next((faults[kind] for kind in (Kind.CUT, Kind.RESET, Kind.STALL) if kind in faults), None)
        limit = len(body) if ending is None else min(ending.num_bytes, len(body))
        trickle = faults.get(Kind.TRICKLE)
        piece = _PIECE_BYTES if trickle is None else max(int(trickle.num_bytes * _TRICKLE_PERIOD_S), 1)
        position = 0
        while position < limit:
            sent = body[position : min(position + piece, limit)]
            self.wfile.write(sent)
            position += len(sent)
            asked.num_sent += len(sent)
            if trickle is not None and trickle.released.wait(_TRICKLE_PERIOD_S):
                piece = _PIECE_BYTES
        if ending is not None and limit < len(body):
            self._break_off(ending)

    def _break_off(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.kind is Kind.STALL:
            fault.released.wait()
        if fault.kind is Kind.RESET:
            # Closing a socket that does not linger sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            time.sleep(0.05)  # what was sent must arrive before it
        with contextlib.suppress(OSError):
            if fault.kind is not Kind.RESET:
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()


def _tree(repo: Repository, folder: str) -> list[dict[str, Any]]:
    inside = f"{folder}/" if folder else ""
    entries: list[dict[str, Any]] = []
    for path, file in sorted(repo.files.items()):
        if not path.startswith(inside):
            continue
        entry: dict[str, Any] = {
            "type": "file",
            "oid": file.blob_id,
            "size": len(file.content),
            "path": path,
        }
        if file.is_large:
            entry["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": len(file.pointer)}
        entries.append(entry)
    return entries

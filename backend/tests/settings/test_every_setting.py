"""Every setting has a test that shows that changing it changes what a program does.

A setting that has none fails here, as does one whose test has gone or does not speak of it.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.settings.catalogue import SETTINGS

TESTS: Final = Path(__file__).parents[1]

SETTINGS_LIVE: Final = "live/test_settings.py"
POOL: Final = "live/test_pool_settings.py"
SUPERVISION: Final = "live/test_supervision.py"
TLS: Final = "live/test_tls.py"
ACCESS: Final = "core/test_settings_access.py"
PARTS: Final = "settings/test_server_settings.py"
QUEUE: Final = "downloads/test_queue.py"
MANAGER: Final = "live/test_manager.py"

SHOWN: Final = {
    # Both programs.
    "MLX_MANAGER_ROOT_PATH": f"{TLS}::test_documents_and_redirects_name_the_path",
    "MLX_SERVER_ROOT_PATH": f"{TLS}::test_documents_and_redirects_name_the_path",
    "MLX_MANAGER_TLS_CERTIFICATE": f"{TLS}::test_https_with_the_stated_certificate",
    "MLX_SERVER_TLS_CERTIFICATE": f"{TLS}::test_the_manager_asks_the_server_by_https",
    "MLX_MANAGER_TLS_KEY": f"{TLS}::test_https_with_the_stated_certificate",
    "MLX_SERVER_TLS_KEY": f"{TLS}::test_the_manager_asks_the_server_by_https",
    "MLX_MANAGER_REQUIRE_AUTH": f"{SETTINGS_LIVE}::test_the_manager_starts_with_what_is_stored",
    "MLX_SERVER_REQUIRE_AUTH": "live/test_access.py::test_every_route_wants_a_credential",
    "MLX_MANAGER_TRUSTED_PROXIES": f"{ACCESS}::test_trusted_proxies",
    "MLX_SERVER_TRUSTED_PROXIES": f"{ACCESS}::test_trusted_proxies",
    "MLX_MANAGER_ALLOWED_HOSTS": f"{SETTINGS_LIVE}::test_who_may_call_either_program",
    "MLX_SERVER_ALLOWED_HOSTS": f"{SETTINGS_LIVE}::test_who_may_call_either_program",
    "MLX_MANAGER_ALLOWED_ORIGINS": f"{SETTINGS_LIVE}::test_who_may_call_either_program",
    "MLX_SERVER_ALLOWED_ORIGINS": f"{SETTINGS_LIVE}::test_who_may_call_either_program",
    "MLX_MANAGER_HOST": (
        f"{MANAGER}::test_others_make_the_first_administrator_with_the_token_of_the_terminal"
    ),
    "MLX_SERVER_HOST": "live/test_access.py::test_others_need_a_key_where_they_can_reach_it",
    "MLX_MANAGER_PORT": f"{SETTINGS_LIVE}::test_the_manager_starts_with_what_is_stored",
    "MLX_SERVER_PORT": "live/test_start.py::test_a_port_that_is_taken",
    "MLX_MANAGER_LOG_LEVEL": f"{SETTINGS_LIVE}::test_log_level_silences_either_program",
    "MLX_SERVER_LOG_LEVEL": f"{SETTINGS_LIVE}::test_log_level_silences_either_program",
    # The manager.
    "MLX_MANAGER_HOME": "core/test_paths.py::test_the_variable_decides",
    "MLX_MANAGER_DATABASE_URL": "live/test_audit.py::test_on_postgresql",
    "MLX_MANAGER_START_SERVER": f"{SUPERVISION}::test_a_manager_that_is_to_start_none_starts_none",
    "MLX_MANAGER_RESTART_SERVER": f"{SUPERVISION}::test_one_that_cannot_start_says_why",
    "MLX_MANAGER_SERVER_HANG_S": f"{SUPERVISION}::test_a_server_that_hangs_is_ended_and_started_again",
    "MLX_MANAGER_HUB_ENDPOINT": "hub/test_hub_endpoints.py::test_a_hub_that_is_not_there",
    "MLX_MANAGER_MAX_PARALLEL_DOWNLOADS": (
        f"{QUEUE}::test_so_many_run_at_once_as_the_setting_says_at_any_time"
    ),
    "MLX_MANAGER_DOWNLOAD_RETRIES": f"{QUEUE}::test_it_gives_up_in_the_end",
    "MLX_MANAGER_DISK_FLOOR_GB": "downloads/test_download_endpoints.py::test_without_room_nothing_begins",
    # What is in memory, and for how long.
    "MLX_SERVER_MAX_MEMORY_GB": "live/test_pool_pressure.py::test_hard_pressure_ends_the_youngest_first",
    "MLX_SERVER_MAX_MODELS": f"{POOL}::test_fewer_places_end_what_is_idle_and_wait_for_the_rest",
    "MLX_SERVER_PRELOAD": f"{POOL}::test_preload_loads",
    "MLX_SERVER_PINNED": "live/test_pool_idle.py::test_a_pinned_model_does_not_go",
    "MLX_SERVER_IDLE_UNLOAD_S": "live/test_pool_idle.py::test_the_time_of_all_and_who_is_not_idle",
    "MLX_SERVER_LOAD_WAIT_S": "live/test_pool_eviction.py::test_waiting_has_an_end",
    "MLX_SERVER_KV_CONTEXT_TOKENS": f"{PARTS}::test_kv_context_tokens_and_kv_concurrency",
    "MLX_SERVER_KV_CONCURRENCY": f"{PARTS}::test_kv_context_tokens_and_kv_concurrency",
    "MLX_SERVER_SPARE_WORKER": "live/test_pool_crash.py::test_no_worker_outlives_a_killed_server",
    "MLX_SERVER_MEMORY_SOFT_SHARE": "live/test_pool_pressure.py::test_soft_pressure_admits_one_at_a_time",
    "MLX_SERVER_MEMORY_HARD_SHARE": "live/test_settings_pressure.py::test_memory_hard_share",
    "MLX_SERVER_WORKER_HANG_S": "live/test_pool_deaths.py::test_a_hang_is_a_death",
    # Which models there are, and how they run.
    "MLX_SERVER_MODEL_DIRS": f"{SETTINGS_LIVE}::test_names_and_folders",
    "MLX_SERVER_USE_HF_CACHE": f"{SETTINGS_LIVE}::test_names_and_folders",
    "MLX_SERVER_ALIASES": f"{SETTINGS_LIVE}::test_names_and_folders",
    "MLX_SERVER_MODEL_OPTIONS": "live/test_models.py::test_options_of_a_model_are_honoured_or_refused",
    "MLX_SERVER_PREFIX_CACHE_GB": f"{SETTINGS_LIVE}::test_prefix_caches",
    "MLX_SERVER_PREFIX_CACHE_DISK_GB": f"{SETTINGS_LIVE}::test_prefix_caches",
    "MLX_SERVER_PREFIX_CACHE_DISK_FLOOR_GB": f"{SETTINGS_LIVE}::test_prefix_caches",
    "MLX_SERVER_PREFIX_CACHE_PER_TENANT": f"{SETTINGS_LIVE}::test_prefix_cache_per_tenant",
    "MLX_SERVER_PREFILL_CHUNK_TOKENS": "live/test_settings_tracing.py::test_prefill_chunk_tokens",
    # Requests.
    "MLX_SERVER_DEFAULT_MAX_TOKENS": f"{SETTINGS_LIVE}::test_limits_of_a_request",
    "MLX_SERVER_REQUEST_TIMEOUT_S": f"{SETTINGS_LIVE}::test_limits_of_a_request",
    "MLX_SERVER_MAX_REQUEST_BODY_MB": f"{SETTINGS_LIVE}::test_limits_of_a_request",
    "MLX_SERVER_MAX_CONCURRENT_REQUESTS": "live/test_choices.py::test_more_choices_than_are_ever_taken",
    "MLX_SERVER_MAX_QUEUED_REQUESTS": "live/test_choices.py::test_more_choices_than_are_ever_taken",
    "MLX_SERVER_SHUTDOWN_GRACE_S": "live/test_shutdown.py::test_what_waits_for_a_model_is_told",
    # What is kept and told of them.
    "MLX_SERVER_AUDIT_DAYS": f"{PARTS}::test_audit_days_and_audit_max_rows",
    "MLX_SERVER_AUDIT_MAX_ROWS": f"{PARTS}::test_audit_days_and_audit_max_rows",
    "MLX_SERVER_RESPONSES_DAYS": "live/test_responses.py::test_nothing_is_kept_where_nothing_is_to_be",
    "MLX_SERVER_LOGFIRE_ENABLED": "live/test_tracing.py::test_off_is_off",
    "MLX_SERVER_LOGFIRE_TOKEN": "live/test_tracing.py::test_a_token_is_enough_and_stays_out_of_arguments",
}
"""Which test it is, by the setting's name."""


def test_every_setting_has_its_test() -> None:
    assert SETTINGS.keys() == SHOWN.keys()


@cache
def definitions_of(module: Path) -> dict[str, ast.stmt]:
    """What the module defines, by names."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
    return found


def words_of(test_id: str) -> set[str]:
    """The words of the test's code, and of the fixtures, functions and constants that it uses."""
    path, _, test = test_id.partition("::")
    definitions = definitions_of(TESTS / path)
    wanted, seen, words = [test], set(), set()
    while wanted:
        if (name := wanted.pop()) in seen or name not in definitions:
            continue
        seen.add(name)
        for node in ast.walk(definitions[name]):
            match node:
                case ast.Name(id=used) | ast.arg(arg=used):
                    wanted.append(used)
                case ast.keyword(arg=str(text)) | ast.Attribute(attr=text) | ast.Constant(value=str(text)):
                    # Prose, such as that of a docstring, is no code.
                    words |= set() if "\n" in text or text.count(" ") > 2 else set(re.findall(r"\w+", text))
    return words


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_it_is_there_and_speaks_of_the_setting(name: str) -> None:
    test_id, setting = SHOWN[name], SETTINGS[name]
    path, _, test = test_id.partition("::")
    assert test.startswith("test_")
    assert test in definitions_of(TESTS / path), f"{test_id} is gone"
    stated = {name, name.removeprefix("MLX_"), setting.field}
    if setting.field in AccessSettings.model_fields:
        # Given to either program by a name that is put together.
        stated.add(setting.field.upper())
    assert stated & words_of(test_id), f"{test_id} does not speak of {name}"

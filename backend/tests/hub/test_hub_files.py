"""Which files a model needs, which are refused, and that names are never trusted."""

import pytest

from mlx_manager.hub.files import HubFile, choose, file_of


def files(*paths: str) -> list[HubFile]:
    return [HubFile(path, 10, git_sha1="0" * 40) for path in paths]


def chosen(*paths: str, **allowed: bool) -> list[str]:
    return [file.path for file in choose(files(*paths), (), **allowed).wanted]


def test_what_a_model_needs_comes_and_nothing_else() -> None:
    needed = {
        "config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "tokenizer.model",
        "merges.txt",
        "chat_template.jinja",
        "additional_chat_templates/tool.jinja",
        "1_Pooling/config.json",
        "README.md",
        "LICENSE",
        "LICENSE.txt",
        "qwen.tiktoken",
    }
    others = {
        ".gitattributes",
        "pytorch_model.bin",
        "model.gguf",
        "onnx/model.onnx",
        "onnx/config.json",
        "original/consolidated.00.pth",
        "original/model.safetensors",
        "consolidated.safetensors",
        "images/logo.png",
        "demo.png",
        "docs/guide.md",
        ".cache/config.json",
        "tf_model.h5",
        "weights.npz",
    }
    assert set(chosen(*needed, *others)) == needed


def test_pickled_weights_come_only_alone_and_allowed() -> None:
    only = choose(files("config.json", "pytorch_model.bin"), ())
    assert only.needs_pickle
    assert not only.has_weights
    assert "pytorch_model.bin" in only.refusals[0]
    assert chosen("config.json", "pytorch_model.bin", allows_pickle=True) == [
        "config.json",
        "pytorch_model.bin",
    ]
    both = choose(files("pytorch_model.bin", "model.safetensors"), (), allows_pickle=True)
    assert not both.needs_pickle
    assert [file.path for file in both.wanted] == ["model.safetensors"]


@pytest.mark.parametrize("name", ["a.bin", "a.pt", "a.pth", "a.pkl", "a.ckpt", "a.h5", "a.PT", "x/a.pickle"])
def test_each_format_that_may_run_code_is_refused(name: str) -> None:
    assert choose(files(name), ()).needs_pickle


@pytest.mark.parametrize(
    ("paths", "config"),
    [
        (["modeling.py"], {}),
        (["deep/in/it.py"], {}),
        ([], {"auto_map": {"AutoModel": "modeling.Model"}}),
        ([], {"model_file": "model.py"}),
    ],
)
def test_code_is_refused_unless_it_is_allowed(paths: list[str], config: dict[str, object]) -> None:
    listed = files("model.safetensors", *paths)
    refused = choose(listed, [{}, config])
    assert refused.needs_code
    assert refused.refusals
    assert not set(paths) & {file.path for file in refused.wanted}
    assert set(paths) <= {file.path for file in choose(listed, [config], allows_code=True).wanted}


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a/../../x", "a//b", "./x", "a/.", "", "a\\b", "c:x", "a\0", "a\nb", "x" * 256, "\ud800"],
)
def test_hostile_names_are_refused(name: str) -> None:
    assert not HubFile(name, 1).is_safe
    assert choose([HubFile(name, 1)], ()).refusals


@pytest.mark.parametrize("name", ["model.safetensors", "a/b/c.json", "Modèle-漢字.json", "a..b", "x" * 255])
def test_honest_names_are_not(name: str) -> None:
    assert HubFile(name, 1).is_safe


def test_the_hash_of_a_pointer_is_not_taken_for_that_of_the_file() -> None:
    large = {"sha256": "a" * 64, "size": 7, "pointerSize": 130}
    file = file_of({"rfilename": "model.safetensors", "size": 130, "blobId": "b" * 40, "lfs": large})
    assert file == HubFile("model.safetensors", 7, sha256="a" * 64)
    assert file_of({"rfilename": "x", "size": 1, "blobId": "b" * 40}) == HubFile("x", 1, git_sha1="b" * 40)


@pytest.mark.parametrize(
    "entry", [{}, {"rfilename": 5}, {"rfilename": "x", "size": "1", "lfs": 5, "blobId": "../x"}]
)
def test_what_the_hub_says_wrongly_counts_as_not_said(entry: dict[str, object]) -> None:
    file = file_of(entry)
    assert file is None or (file.size_bytes, file.has_hash) == (0, False)

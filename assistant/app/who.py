"""Who asks: hands the signed-in user's name to a function of the page, as its first argument."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from ingest.errors import MivaultError

Named = Callable[..., Any]


class ReadersOnly(MivaultError):
    """A user who may ask and read wanted to change what others see."""

    def __init__(self) -> None:
        super().__init__("you may ask and read here, not change it", "whoever serves this page adds users")


def as_user(gr: Any, function: Named) -> Named:
    """A function for Gradio's events that calls `function` with the user's name ("" where nobody signs in) and then the
    event's inputs. Gradio gives the request to whatever is annotated so, which a module that is handed Gradio cannot
    write down."""

    def called(request: Any, *inputs: Any) -> Any:
        return function(_name(request), *inputs)

    called.__annotations__["request"] = gr.Request
    return called


def as_user_stepwise(gr: Any, function: Callable[..., AsyncIterator[Any]]) -> Named:
    """As `as_user`, for a function whose updates come one after the other."""

    async def called(request: Any, *inputs: Any) -> AsyncIterator[Any]:
        async for update in function(_name(request), *inputs):
            yield update

    called.__annotations__["request"] = gr.Request
    return called


def _name(request: Any) -> str:
    return getattr(request, "username", None) or ""

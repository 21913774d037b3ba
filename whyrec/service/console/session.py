"""Signing in: a token in a cookie that no script can read and no other page can send."""

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from whyrec.service.console.rendering import COOKIE, page
from whyrec.service.presence import check_there, first_known
from whyrec.service.shop import Shop
from whyrec.service.sizes import MOST_TEXT

router = APIRouter(include_in_schema=False)
DAY = 86_400
Text = Annotated[str, Query(max_length=MOST_TEXT)]


@router.get("/login")
def loginpage(request: Request, then: Text = "/") -> Response:
    """Where a token is given."""
    return _form(request, own_page(then), wrong=False)


@router.post("/login")
def login(
    request: Request, token: Annotated[str, Form(max_length=MOST_TEXT)], then: Annotated[str, Form()] = "/"
) -> Response:
    """Keep a token in a cookie that no script can read and no other page can send."""
    check_origin(request)
    shops = request.app.state.shops
    if first_known(shops, lambda shop: shop.tokens.caller(token.strip())) is None:
        check_there(shops)
        return _form(request, own_page(then), wrong=True)
    answer = RedirectResponse(own_page(then), 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token.strip(), max_age=DAY, httponly=True, samesite="strict", secure=secure)
    return answer


def _form(request: Request, then: str, *, wrong: bool) -> Response:
    """The page with the ways in: a token, and the providers of the shops."""
    shops = [shop for shop in request.app.state.shops if shop.openid is not None]
    providers = [{"shop": shop.name, "provider": urlsplit(shop.openid.issuer).netloc} for shop in shops]
    return page(request, "login.html", then=then, wrong=wrong, providers=providers)


def own_page(then: str) -> str:
    """Where to go after signing in: a page of this console, whatever a link says."""
    own = then.startswith("/") and not then.startswith(("//", "/\\"))
    return then if own and then.isprintable() else "/"


@router.post("/logout")
def logout(request: Request) -> Response:
    """Forget the token."""
    check_origin(request)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def shop_of(request: Request, action: str) -> Shop | None:
    """The shop of the token in the cookie; ``None`` where there is none.

    :raises HTTPException: 403 where the role may not.
    """
    try:
        shop: Shop = request.app.state.asking(request, action)[0]
    except HTTPException as problem:
        if problem.status_code == 401:
            return None
        raise
    return shop


def may(request: Request, shop: Shop, action: str) -> bool:
    """Whether whoever is signed in may do something."""
    caller = shop.visitor(request.cookies.get(COOKIE, ""))
    return caller is not None and caller.may(action)


def to_login(request: Request) -> Response:
    """To the page where a token is given, and back."""
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?then={quote(there, safe='')}", 303)


def check_origin(request: Request) -> None:
    """Refuse a form that was not sent from this console: browsers say so, and other pages cannot lie about it.

    :raises HTTPException: 403 then.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    own = origin is None or origin.split("://", 1)[-1] == request.headers.get("host")
    if not own or site not in ("same-origin", "none"):
        raise HTTPException(403, "this form was sent from another page")
